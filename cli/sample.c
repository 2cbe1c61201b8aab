#include "cli/sample.h"

/* Up and down over 90 seconds, in pieces of a fifth of a second. */
#define CPU_WAVE                                                                         \
	"renice -n 10 -p $$ >/dev/null 2>&1\n"                                           \
	"if command -v python3 >/dev/null 2>&1; then\n"                                  \
	"exec python3 -c '\n"                                                            \
	"import math, time\n"                                                            \
	"begin = time.monotonic()\n"                                                     \
	"while True:\n"                                                                  \
	"    now = time.monotonic()\n"                                                   \
	"    wave = (1 - math.cos(2 * math.pi * (now - begin) / 90)) / 2\n"              \
	"    duty = 0.05 + 0.55 * wave\n"                                                \
	"    while time.monotonic() - now < 0.2 * duty:\n"                               \
	"        pass\n"                                                                 \
	"    time.sleep(0.2 * (1 - duty))\n"                                             \
	"'\n"                                                                            \
	"fi\n"                                                                           \
	"exec awk 'BEGIN {\n"                                                            \
	"    for (turn = 0; ; turn++) {\n"                                               \
	"        wave = (1 - cos(6.2832 * turn / 300)) / 2\n"                            \
	"        for (i = 0; i < 20000 + 400000 * wave; i++) x = x + i\n"                \
	"        system(\"sleep 0.2\")\n"                                                \
	"    }\n"                                                                        \
	"}'\n"

/* Up to about 200 MB in a minute and a half, then down at once. */
#define MEMORY_SAWTOOTH                                                                  \
	"renice -n 10 -p $$ >/dev/null 2>&1\n"                                           \
	"if command -v python3 >/dev/null 2>&1; then\n"                                  \
	"exec python3 -c '\n"                                                            \
	"import time\n"                                                                  \
	"while True:\n"                                                                  \
	"    kept = []\n"                                                                \
	"    for step in range(45):\n"                                                   \
	"        kept.append(b\"x\" * (4 << 20))\n"                                      \
	"        time.sleep(2)\n"                                                        \
	"'\n"                                                                            \
	"fi\n"                                                                           \
	"exec awk 'BEGIN {\n"                                                            \
	"    block = \"x\"\n"                                                            \
	"    for (i = 0; i < 22; i++) block = block block\n"                             \
	"    for (;;) {\n"                                                               \
	"        for (step = 0; step < 45; step++) {\n"                                  \
	"            kept[step] = block step\n"                                          \
	"            system(\"sleep 2\")\n"                                              \
	"        }\n"                                                                    \
	"        split(\"\", kept)\n"                                                    \
	"    }\n"                                                                        \
	"}'\n"

#define WEB_SERVER                                                                       \
	"mkdir -p \"$HOME/site\" && cd \"$HOME/site\" || exit 1\n"                       \
	"printf '%s\\n' '<!doctype html><title>docs-preview</title>'"                    \
	" '<h1>It works</h1><p>Served from a sandbox.</p>' >index.html\n"                \
	"command -v python3 >/dev/null 2>&1 && exec python3 -m http.server 8000\n"       \
	"command -v busybox >/dev/null 2>&1 && busybox --list 2>/dev/null |"             \
	" grep -qx httpd && exec busybox httpd -f -p 8000\n"                             \
	"exec perl -MIO::Socket::INET -e '\n"                                            \
	"my $server = IO::Socket::INET->new(LocalPort => 8000, Listen => 8,\n"           \
	"    ReuseAddr => 1) or die;\n"                                                  \
	"open(my $file, \"<\", \"index.html\") or die;\n"                                \
	"my $page = join(\"\", <$file>);\n"                                              \
	"while (my $client = $server->accept) {\n"                                       \
	"    while (defined(my $line = <$client>)) { last if $line =~ /^\\r?$/; }\n"     \
	"    print $client \"HTTP/1.0 200 OK\\r\\nContent-Type: "                        \
	"text/html\\r\\n\\r\\n\","                                                       \
	" $page;\n"                                                                      \
	"    close $client;\n"                                                           \
	"}\n"                                                                            \
	"'\n"

/* Some lines each second, of every level. */
#define LOG_WRITER                                                                       \
	"job=0\n"                                                                        \
	"while :; do\n"                                                                  \
	"    job=$((job + 1))\n"                                                         \
	"    echo \"INFO job $job: fetched $((job * 37 % 90 + 10)) rows\"\n"             \
	"    [ $((job % 3)) -eq 0 ] && echo \"DEBUG job $job: cache hit\"\n"             \
	"    [ $((job % 7)) -eq 0 ] && echo \"WARN job $job: upstream slow,"             \
	" $((job * 13 % 900 + 300)) ms\"\n"                                              \
	"    [ $((job % 23)) -eq 0 ] && echo \"ERROR job $job: timed out, will be"       \
	" tried again\"\n"                                                               \
	"    sleep 1\n"                                                                  \
	"done\n"

#define NOTEBOOK                                                                         \
	"echo 'half a thought, kept over the pause' >\"$HOME/notes.txt\"\n"              \
	"exec sleep 86400\n"

const struct sample_sandbox sample_fleet[SAMPLE_COUNT] = {
	{ .name = "embeddings",
	    .template_id = "base",
	    .user = "ana",
	    .project = "search",
	    .kind = "batch",
	    .tag = "cpu-wave",
	    .script = CPU_WAVE },
	{ .name = "report-cache",
	    .template_id = "base",
	    .user = "ben",
	    .project = "reports",
	    .kind = "service",
	    .tag = "memory-sawtooth",
	    .script = MEMORY_SAWTOOTH },
	{ .name = "docs-preview",
	    .template_id = "base",
	    .user = "ana",
	    .project = "docs",
	    .kind = "web",
	    .tag = "web-server",
	    .script = WEB_SERVER },
	{ .name = "ingest",
	    .template_id = "base",
	    .user = "chen",
	    .project = "search",
	    .kind = "worker",
	    .tag = "log:ingest",
	    .script = LOG_WRITER },
	{ .name = "notebook",
	    .template_id = "code-interpreter-v1",
	    .user = "dara",
	    .project = "reports",
	    .kind = "agent",
	    .tag = "notebook",
	    .script = NOTEBOOK,
	    .paused = true },
};
