/* handlers - one function per command of the command line; the table is in cli.c. */
#ifndef CLI_HANDLERS_H
#define CLI_HANDLERS_H

#include "cli/cli.h"

typedef int cli_command(struct cli *cli, const struct command_call *call);

cli_command cmd_ls, cmd_info, cmd_create, cmd_kill, cmd_pause, cmd_resume, cmd_ttl,
    cmd_shell, cmd_exec, cmd_metrics, cmd_logs;
cli_command cmd_ui, cmd_auth, cmd_doctor, cmd_reset, cmd_help, cmd_version;
cli_command cmd_host_start, cmd_host_stop, cmd_host_status, cmd_host_env, cmd_host_run,
    cmd_host_sample;

#endif
