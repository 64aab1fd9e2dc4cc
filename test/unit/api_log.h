/* Writing down what the API answered, for the test of its description. */
#ifndef CALLPARK_TEST_API_LOG_H
#define CALLPARK_TEST_API_LOG_H

#include "http/http.h"

void api_log(const struct http_request *rq, const struct http_reply *reply);

#endif
