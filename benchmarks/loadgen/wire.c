/* WebSocket framing (RFC 6455), client side. */
#include <arpa/inet.h>
#include <string.h>

#include "loadgen.h"

void frame_append(struct bytes *out, int opcode, const char *payload, size_t size) {
    unsigned char head[14] = {(unsigned char)(0x80 | opcode)};
    size_t head_size;
    if (size < 126) {
        head[1] = (unsigned char)(0x80 | size);
        head_size = 2;
    } else {
        if (size > 65535) fail("a frame of %zu bytes is more than this client sends", size);
        head[1] = 0x80 | 126;
        head[2] = (unsigned char)(size >> 8);
        head[3] = (unsigned char)size;
        head_size = 4;
    }
    /* The masking key is zero: legal framing, the server does its work, the generator is spared. */
    bytes_append(out, head, head_size + 4);
    bytes_append(out, payload, size);
}

size_t frame_take(const char *data, size_t size, struct frame *frame) {
    const unsigned char *p = (const unsigned char *)data;
    if (size < 2) return 0;
    size_t head = 2;
    uint64_t length = p[1] & 0x7f;
    if (p[1] & 0x80) fail("the server masks its frames");
    if (!(p[0] & 0x80) || (p[0] & 0x70)) fail("the server sends fragments or extensions");
    if (length == 126) {
        if (size < 4) return 0;
        length = (uint64_t)p[2] << 8 | p[3];
        head = 4;
    } else if (length == 127) {
        if (size < 10) return 0;
        length = 0;
        for (int i = 2; i < 10; i++) length = length << 8 | p[i];
        head = 10;
    }
    if (size - head < length) return 0;
    *frame = (struct frame){.opcode = p[0] & 0x0f, .payload = data + head, .size = length};
    return head + length;
}
