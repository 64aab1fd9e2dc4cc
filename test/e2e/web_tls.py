"""HTTPS at a real server. One after the other, as the certificate is the same for all."""

import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

from scenario import line, run, want, want_in, want_that

FOLDER, PORT = os.environ["E2E_TLS"], int(os.environ["E2E_WEB"])
PATIENCE = 10


def path(name):
    return os.path.join(FOLDER, name)


def trust(name):
    context = ssl.create_default_context(cafile=path(name + ".pem"))
    context.check_hostname = False
    return context


def connect(context):
    plain = socket.create_connection(("127.0.0.1", PORT), timeout=PATIENCE)
    try:
        return context.wrap_socket(plain, server_hostname="localhost")
    except BaseException:
        plain.close()
        raise


def get(name, target="/livez"):
    """The answer to a client that trusts the certificate called `name` and no other."""
    connection = http.client.HTTPSConnection("127.0.0.1", PORT, timeout=PATIENCE, context=trust(name))
    connection.request("GET", target)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def serves(name):
    try:
        return get(name).status == 200
    except ssl.SSLError:
        return False


def put(name, cert=True, key=True):
    """In the place of what is served: a new file each, as certbot and the like do."""
    for wanted, end, to in (cert, ".pem", "cert.pem"), (key, ".key", "key.pem"):
        if wanted:
            shutil.copy(path(name + end), path("new"))
            os.replace(path("new"), path(to))


def until(what, words):
    deadline = time.monotonic() + PATIENCE
    while not what():
        want_that(time.monotonic() < deadline, words)
        time.sleep(0.05)


def logged():
    with open(os.environ["E2E_LOGFILE"], encoding="utf-8") as log:
        return log.read()


def until_logged(pattern, since=0):
    until(lambda: re.search(pattern, logged()[since:]), f"the log never said {pattern}")


@line("TLS-1", "the page by HTTPS, with the headers that keep it from doing more, and HSTS")
def page(_):
    response = get("first", "/")
    want(response.status, 200, "the page")
    policy = response.headers["Content-Security-Policy"]
    want_that("default-src 'none'" in policy and "trusted-types 'none'" in policy, f"policy: {policy}")
    want_that("max-age=" in response.headers["Strict-Transport-Security"], "HSTS")
    want(response.headers["X-Content-Type-Options"], "nosniff", "nosniff")
    want(response.headers["Referrer-Policy"], "same-origin", "Referrer-Policy")
    want(response.headers["Cross-Origin-Opener-Policy"], "same-origin", "COOP")
    want(get("first", "/nothing").headers["Content-Security-Policy"], policy, "policy of a problem")


@line("TLS-2", "TLS 1.2 and 1.3 are spoken, 1.1 is not, nor plain HTTP")
def versions(_):
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        context = trust("first")
        context.minimum_version = context.maximum_version = version
        with connect(context) as there:
            want(there.version(), version.name.replace("_", "."), "version")
    # Python may itself be kept from the old ones; openssl's own client offers them when told to.
    for version, agreed in ("-tls1_2", True), ("-tls1_1", False), ("-tls1", False):
        client = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{PORT}", version, "-cipher",
                                 "DEFAULT@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=PATIENCE, check=False)
        want_that("CONNECTED" in client.stdout, f"{version}: {client.stderr[:200]}")
        want("Cipher is (NONE)" not in client.stdout, agreed, f"{version} was agreed on")
    with socket.create_connection(("127.0.0.1", PORT), timeout=PATIENCE) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            want_that(not plain.recv(100).startswith(b"HTTP"), "plain HTTP was answered")
        except ConnectionResetError:
            pass


@line("TLS-3", "new files are served without a word from anybody, old connections live on")
def files_change(_):
    old = http.client.HTTPSConnection("127.0.0.1", PORT, timeout=PATIENCE, context=trust("first"))
    old.request("GET", "/livez")
    want(old.getresponse().read(), b"ok\n", "the first answer")
    put("second")
    until(lambda: serves("second"), "the new certificate was not served")
    want_that(not serves("first"), "the old certificate is served still")
    old.request("GET", "/livez")
    want(old.getresponse().status, 200, "an old connection")
    old.close()


@line("TLS-4", "SIGHUP reads them as well, at once")
def hangup(_):
    since = len(logged())
    put("first")
    os.kill(int(os.environ["E2E_PID"]), signal.SIGHUP)
    until(lambda: serves("first"), "the certificate was not served after SIGHUP")
    until_logged(r"the certificate of first\.callpark\.test, 127\.0\.0\.1 .* holds until", since)


@line("TLS-5", "a key that does not belong to it, no PEM, nothing: an error is logged and the old one stays")
def bad_files(_):
    def refused(pattern):
        until_logged(r"error http: " + pattern + r".*; the certificate before it stays", since)
        want_that(serves("first"), "the old certificate is gone")

    since = len(logged())
    put("second", key=False)
    refused(r"\[web\] tls-key: the key in \S+ does not belong to the certificate in")
    since = len(logged())
    with open(path("cert.pem"), "w", encoding="ascii") as file:
        file.write("this is no certificate\n")
    refused(r"\[web\] tls-cert: \S+ holds no certificates in PEM form")
    since = len(logged())
    os.remove(path("cert.pem"))
    refused(r"\[web\] tls-cert: \S+ cannot be read: No such file")
    put("second")
    until(lambda: serves("second"), "a good one after bad ones was not served")


@line("TLS-6", "handshakes go on while the certificate is replaced again and again")
def many(_):
    stop, failures, count = threading.Event(), [], [0] * 4

    def shake(number):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        while not stop.is_set():
            try:
                connect(context).close()
                count[number] += 1
            except OSError as error:
                failures.append(error)

    threads = [threading.Thread(target=shake, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(30):
        put(("first", "second")[turn % 2])
        os.kill(int(os.environ["E2E_PID"]), signal.SIGHUP)
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    want(failures[:1], [], "failures")
    want_that(all(count), f"handshakes: {count}")


@line("TLS-7", "one that is over soon is warned of, and the metric says when")
def soon(_):
    since = len(logged())
    put("soon")
    until(lambda: serves("soon"), "the new certificate was not served")
    until_logged(r"warning http: the certificate in \S+ is over in 4 days", since)
    connection = http.client.HTTPSConnection("127.0.0.1", PORT, timeout=PATIENCE, context=trust("soon"))
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    ends = re.search(r"^callpark_certificate_expiry_timestamp_seconds\S* (\d+)$", text, re.M)
    want_that(ends, "the metric is missing")
    want_in(round((int(ends[1]) - time.time()) / 86400), (4, 5), "days left")


run(at_once=1)
