/*
 * library - a shared library that is loaded when it is first needed, because
 * loading it costs milliseconds that not every command should pay
 * (docs/notes/0001).
 */
#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

struct library_symbol {
	const char *name;
	void *slot; /* where the function pointer goes; borrowed */
};

/* Fills every slot from the library of that file name. A library that the package
 * manager did not install, or one without a function we call, ends the program with a
 * line that says so: it is a broken installation, like a missing executable. The table
 * ends with name NULL. */
void library_load(const char *file, const struct library_symbol *symbols);

#endif
