/* internal - what world.c and driver.c share. */
#ifndef TESTS_SUPPORT_INTERNAL_H
#define TESTS_SUPPORT_INTERNAL_H

const char *sandtop_path(void);

#endif
