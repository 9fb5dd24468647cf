/* Growing buffers. */
#include <stdlib.h>
#include <string.h>

#include "loadgen.h"

void bytes_append(struct bytes *b, const void *data, size_t size) {
    if (b->size + size > b->room) {
        b->room = (b->size + size) * 2;
        b->data = realloc(b->data, b->room);
        if (!b->data) fail("out of memory");
    }
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

void bytes_drop_front(struct bytes *b, size_t size) {
    b->size -= size;
    memmove(b->data, b->data + size, b->size);
}

void bytes_free(struct bytes *b) {
    free(b->data);
    *b = (struct bytes){0};
}
