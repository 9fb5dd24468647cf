/* The plan: a line a connection, fields between tabs.
 *
 *     role  port  path  to  [command ...]
 *
 * role is `both`, `send` or `read`; `to` fills a message's @to@ (or `-`); the commands open the
 * connection, go out in one frame, and are each answered before it counts as ready. */
#include <stdlib.h>
#include <string.h>

#include "loadgen.h"

static char *copy(const char *text) {
    char *made = text ? strdup(text) : NULL;
    if (text && !made) fail("out of memory");
    return made;
}

static char *field(char **rest, const char *name, size_t line) {
    char *value = strsep(rest, "\t");
    if (!value) fail("plan, line %zu: no %s", line, name);
    return value;
}

static void read_line(struct connection *c, char *text, size_t line) {
    const char *role = field(&text, "role", line);
    c->sends = strcmp(role, "read") != 0;
    c->port = (uint16_t)atoi(field(&text, "port", line));
    c->path = copy(field(&text, "path", line));
    c->to = copy(field(&text, "to", line));
    c->opening = copy(text);
    if (!c->opening) return;
    c->commands = 1;
    for (char *p = c->opening; *p; p++) {
        if (*p != '\t') continue;
        *p = '\n';
        c->commands++;
    }
}

void plan_read(struct run *run, const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail("cannot read the plan %s", path);
    char *text = NULL;
    size_t room = 0, space = 0;
    ssize_t size;
    while ((size = getline(&text, &room, file)) > 0) {
        if (text[size - 1] == '\n') text[size - 1] = 0;
        if (run->count == space) {
            space = space ? space * 2 : 1024;
            run->connections = realloc(run->connections, space * sizeof *run->connections);
            if (!run->connections) fail("out of memory");
        }
        struct connection *c = &run->connections[run->count++];
        *c = (struct connection){.fd = -1};
        read_line(c, text, run->count);
        run->sender_count += c->sends;
    }
    free(text);
    fclose(file);
    if (!run->count) fail("the plan %s is empty", path);
}
