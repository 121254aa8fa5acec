/* Send the launcher's messages to the judge through every descriptor that may be open. */
// Stopped by: comparison
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    static char result[200];
    for (int fd = 3; fd < 4096; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) printf("BREACH: descriptor %d is open\n", fd);
        for (char kind = 1; kind > 0; kind++) {
            result[0] = kind;
            if (send(fd, result, sizeof result, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) puts("BREACH: sent a message");
        }
    }
    return 0;
}
