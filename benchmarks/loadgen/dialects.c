/* What servers say: plain text, the Centrifuge protocol in JSON, Socket.IO. */
#include <stdlib.h>
#include <string.h>

#include "loadgen.h"

/* A message carries its number as `#123;`, wherever a server puts the text that it was given. */
static bool number_in(const char *text, size_t size, uint64_t *number) {
    const char *mark = memchr(text, '#', size), *end = text + size;
    if (!mark) return false;
    *number = 0;
    for (mark++; mark < end && *mark >= '0' && *mark <= '9'; mark++)
        *number = *number * 10 + (uint64_t)(*mark - '0');
    return mark < end && *mark == ';';
}

/* Streams without offsets: one sender's messages must at least come in rising order. */
static void numbered(struct run *run, struct connection *c, const char *text, size_t size) {
    uint64_t number;
    if (!number_in(text, size, &number)) return;
    if (run->sender_count == 1 && number <= c->last_number)
        fault(run, &run->faults.repeats, "out of order", text, size);
    c->last_number = number;
    traffic_delivered(run, c, number);
}

/* ---- plain text ---------------------------------------------------------------------------- */

static void ready_at_once(struct run *run, struct connection *c) { connection_ready(run, c); }

/* ---- Centrifuge ---------------------------------------------------------------------------- */

static void ready_by_replies(struct run *run, struct connection *c) {
    if (!c->replies_due) connection_ready(run, c);
}

static bool number_after(const char *text, size_t size, const char *key, uint64_t *number) {
    const char *found = memmem(text, size, key, strlen(key));
    if (!found) return false;
    *number = strtoull(found + strlen(key), NULL, 10);
    return true;
}

static struct channel *channel_of(struct run *run, struct connection *c, const char *line,
                                  size_t size) {
    static const char key[] = "\"channel\":\"";
    const char *name = memmem(line, size, key, sizeof key - 1);
    if (!name) return NULL;
    name += sizeof key - 1;
    const char *end = memchr(name, '"', (size_t)(line + size - name));
    size_t length = end ? (size_t)(end - name) : CHANNEL_NAME;
    if (length >= CHANNEL_NAME) fail("a channel's name is too long: %.*s", (int)size, line);
    for (struct channel *at = c->channels; at < c->channels + MAX_CHANNELS; at++) {
        if (at->size == length && !memcmp(at->name, name, length)) return at;
        if (at->size) continue;
        memcpy(at->name, name, length);
        at->size = length;
        return at;
    }
    fault(run, &run->faults.unknown, "one channel too many", line, size);
    return NULL;
}

static void check_offset(struct run *run, struct channel *channel, uint64_t offset,
                         const char *line, size_t size) {
    if (channel->offset && offset > channel->offset + 1)
        fault(run, &run->faults.gaps, "gap", line, size);
    if (offset <= channel->offset) fault(run, &run->faults.repeats, "repeat", line, size);
    channel->offset = offset;
}

static void pushed(struct run *run, struct connection *c, const char *line, size_t size) {
    uint64_t offset, number;
    if (!number_after(line, size, "\"offset\":", &offset)) return; /* typing, receipts, joins */
    struct channel *channel = channel_of(run, c, line, size);
    if (channel) check_offset(run, channel, offset, line, size);
    if (number_in(line, size, &number)) traffic_delivered(run, c, number);
}

static void replied(struct run *run, struct connection *c, const char *line, size_t size) {
    size_t head = size < 64 ? size : 64;
    uint64_t id;
    bool refused = memmem(line, head, "\"error\":{", 9) != NULL;
    if (!number_after(line, head, "\"id\":", &id)) {
        fault(run, &run->faults.unknown, "not understood", line, size);
        return;
    }
    if (refused && c->state == OPENING && memmem(line, head, "\"code\":111,", 11)) {
        connection_return(run, c, &run->turned_away);
        return;
    }
    if (refused) fault(run, &run->faults.errors, "error", line, size);
    if (c->state != OPENING) {
        traffic_acked(run, c, id);
        return;
    }
    if (refused) fail("cannot open a connection: %.*s", (int)size, line);
    if (!--c->replies_due) connection_ready(run, c);
}

static void centrifuge_line(struct run *run, struct connection *c, const char *line, size_t size) {
    if (size == 2)
        connection_write(run, c, "{}", 2); /* the server's ping, and our pong */
    else if (size > 8 && !memcmp(line, "{\"push\":", 8))
        pushed(run, c, line, size);
    else
        replied(run, c, line, size);
}

static void centrifuge_text(struct run *run, struct connection *c, const char *text, size_t size) {
    const char *end = text + size;
    while (text < end && c->state != RETURNING) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop) stop = end;
        if (stop > text) centrifuge_line(run, c, text, (size_t)(stop - text));
        text = stop + 1;
    }
}

/* ---- Socket.IO 4 (Engine.IO 4, WebSocket only) ---------------------------------------------- */

static void not_yet(struct run *run, struct connection *c) {
    (void)run;
    c->state = OPENING;
}

static void socketio_text(struct run *run, struct connection *c, const char *text, size_t size) {
    if (size && text[0] == '0')
        connection_write(run, c, "40", 2); /* opened: now connect to the main namespace */
    else if (size && text[0] == '2')
        connection_write(run, c, "3", 1);
    else if (size > 1 && !memcmp(text, "40", 2))
        connection_ready(run, c);
    else
        numbered(run, c, text, size);
}

static const struct dialect dialects[] = {
    {"text", ready_at_once, numbered},
    {"centrifuge", ready_by_replies, centrifuge_text},
    {"socketio", not_yet, socketio_text},
};

const struct dialect *dialect_named(const char *name) {
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (!strcmp(dialects[i].name, name)) return &dialects[i];
    fail("no dialect is called %s", name);
}
