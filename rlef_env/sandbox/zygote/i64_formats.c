/* Linked with programs in C and C++ that contain "I64": in the C library of Windows, for which many programs of
   Codeforces were written, %I64d prints and reads a long long. Here the letter I would be a flag, and 64 a width. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns a copy of a format with ll in place of I64. */
static char *rewritten(const char *format) {
    char *copy = malloc(strlen(format) + 1), *end = copy;
    if (!copy) abort();
    while (*format) {
        if ((*end++ = *format++) != '%') continue;
        size_t options = strspn(format, "-+ #0123456789.*");
        memcpy(end, format, options);
        end += options;
        format += options;
        if (!strncmp(format, "I64", 3)) {
            end = stpcpy(end, "ll");
            format += 3;
        } else if (*format)
            *end++ = *format++; /* the conversion, or a second % */
    }
    *end = 0;
    return copy;
}

#define WRAP(name, parameters, call)     \
    int __wrap_##name parameters {       \
        va_list values;                  \
        va_start(values, format);        \
        char *text = rewritten(format);  \
        int result = call;               \
        free(text);                      \
        va_end(values);                  \
        return result;                   \
    }
#define PRINTS(before, after, level, room)                                                              \
    WRAP(before##printf##after, (level const char *format, ...), vprintf(text, values))                 \
    WRAP(before##fprintf##after, (FILE * file, level const char *format, ...), vfprintf(file, text, values)) \
    WRAP(before##sprintf##after, (char *to, level room const char *format, ...), vsprintf(to, text, values)) \
    WRAP(before##snprintf##after, (char *to, size_t size, level room const char *format, ...),          \
         vsnprintf(to, size, text, values))
#define SCANS(before)                                                                            \
    WRAP(before##scanf, (const char *format, ...), vscanf(text, values))                         \
    WRAP(before##fscanf, (FILE * file, const char *format, ...), vfscanf(file, text, values))    \
    WRAP(before##sscanf, (const char *from, const char *format, ...), vsscanf(from, text, values))
#define COMMA ,

PRINTS(, , , )
PRINTS(__, _chk, int level COMMA, size_t room COMMA) /* as called where a distribution's gcc checks buffers */
SCANS()
SCANS(__isoc99_)
SCANS(__isoc23_)
