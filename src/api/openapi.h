/* The description of the API (OpenAPI 3.1) as bytes; made by tools/openapi.py when the program is
 * built. */
#ifndef CALLPARK_API_OPENAPI_H
#define CALLPARK_API_OPENAPI_H

#include <stddef.h>

extern const size_t openapi_size;
extern const unsigned char openapi_text[]; /* no NUL at its end */

#endif
