#!/bin/sh
# The logic of the page's parts, without a browser.
set -u
cd "$(dirname "$0")/../.." || exit 2
exec node --test --test-reporter=tap web/test/*.test.js
