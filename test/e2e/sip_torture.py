"""What RFC 4475 and RFC 5118 torture a SIP parser with, and SDP that is as odd: RO-01 to RO-79.

Each message is built here to have the oddity that the RFC's message of that name has; what has to come back is what
a server of our kind should say. After each of them OPTIONS is answered as ever, and at the end a call is parked as ever.
"""

import socket
import time

from phone import Message, Missing, token
from scenario import SERVER, SERVER6, line, run, want, want_in, want_that

QUIET = 0.15  # seconds without an answer; OPTIONS behind it shows that the message has been dealt with


class Wire:
    """A bare socket: bytes out, messages in."""

    def __init__(self, server=SERVER):
        self.socket = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("::1" if ":" in server[0] else "127.0.0.1", 0))
        self.server, self.port = server, self.socket.getsockname()[1]
        self.where = f"[::1]:{self.port}" if ":" in server[0] else f"127.0.0.1:{self.port}"

    def send(self, data):
        self.socket.sendto(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"), self.server)

    def take(self, timeout=8.0):
        self.socket.settimeout(timeout)
        try:
            return Message(self.socket.recvfrom(65536)[0])
        except TimeoutError:
            return None

    def final(self, call_id, timeout=8.0):
        """The final answer of this Call-ID (None: of whatever comes)."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            message = self.take(max(0.01, end - time.monotonic()))
            if message and message.code >= 200 and (call_id is None or message.get("Call-ID") == call_id):
                return message
        return None

    def alive(self):
        name = token()
        self.send(f"OPTIONS sip:ping@x SIP/2.0\r\nVia: SIP/2.0/UDP {self.where};branch=z9hG4bK{name};rport\r\n"
                  f"From: <sip:a@b>;tag={name}\r\nTo: <sip:ping@x>\r\nCall-ID: {name}\r\nCSeq: 1 OPTIONS\r\n"
                  "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n")
        answer = self.final(name)
        want_that(answer and answer.code == 200, "OPTIONS is not answered any more")

    def close(self):
        self.socket.close()


def lines(start, headers, body="", length=None):
    size = len(body.encode("utf-8", "surrogateescape")) if length is None else length
    return "\r\n".join([start, *headers, f"Content-Length: {size}"]) + "\r\n\r\n" + body


def basic(wire, method="OPTIONS", call=None, **other):
    """The headers that a request must have; `other` replaces some (None: leaves them out)."""
    call = call or token()
    fields = {"Via": f"SIP/2.0/UDP {wire.where};branch=z9hG4bK{token()};rport", "Max-Forwards": "70",
              "From": f"<sip:caller@example.com>;tag={token()}", "To": "<sip:user@example.com>", "Call-ID": call,
              "CSeq": f"1 {method}"}
    if method == "INVITE":
        fields["Contact"] = f"<sip:caller@{wire.where}>"
    fields.update({name.replace("_", "-"): value for name, value in other.items()})
    return [f"{name}: {value}" for name, value in fields.items() if value is not None]


SDP = "v=0\r\no=mhandley 29739 7272939 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 49210 RTP/AVP 0\r\n"


def torture(identifier, name, words, codes):
    """A line whose function gives the text to send; `codes`: any of these answers, () for none at all."""
    def keep(function):
        @line(identifier, f"{name}: {words}")
        def one(s):
            wire = Wire()
            try:
                wire.send(function(wire))
                answer = wire.final(None, 8.0 if codes else QUIET)
                want_in(answer.code if answer else None, codes or (None,), "answer")
                if answer and answer.code >= 300:
                    wire.send(acknowledge(answer, wire))
                wire.alive()
            finally:
                wire.close()
        return function

    return keep


def acknowledge(answer, wire):
    """Of a refused INVITE, so that the server need not say it again; nothing else minds it."""
    cseq = answer.get("CSeq").split()[:1] or ["1"]
    return lines("ACK sip:user@example.com SIP/2.0",
                 [f"Via: {answer.get('Via')}", f"From: {answer.get('From')}", f"To: {answer.get('To')}",
                  f"Call-ID: {answer.get('Call-ID')}", f"CSeq: {cseq[0]} ACK", "Max-Forwards: 70"])


# ---- RFC 4475 3.1.1: odd, but right -------------------------------------------------------------------------------


@torture("RO-01", "wsinv", "folded lines, short names, white space wherever it may stand", (404,))
def wsinv(w):
    return ("INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\nTO :\r\n sip:vivekg@chair-dnrc.example.com\r\n"
            'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n'
            "MaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@192.0.2.1\r\nContent-Length   : 150\r\n"
            "cseq: 0009\r\n  INVITE\r\n"
            f"Via  : SIP  /   2.0\r\n /UDP\r\n    {w.where};branch=z9hG4bK{token()};rport\r\n"
            "s :\r\nNewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
            "UnknownHeaderWithUnusualValue: ;;,,;;,;\r\nContent-Type: application/sdp\r\n"
            f'm:"Quoted string \\"\\"" <sip:jdrosen@{w.where}> ; newparam =\r\n      newvalue ;\r\n'
            "  secondparam ; q = 0.33\r\n\r\n" + SDP.ljust(150))


@torture("RO-02", "intmeth", "a method and a user of almost every character that may be in one", (501,))
def intmeth(w):
    method = "!interesting-Method0123456789_*.%indeed'~"  # the library reads no method with '+' or '`' in it
    return lines(f"{method} sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too."
                 "(doesn't-it)@example.com SIP/2.0",
                 basic(w, method, To='"BEL:\\\x07 DEL:\\\x7f" <sip:1_unusual.URI~(to-be!sure)@example.com>',
                       From="token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"value\""
                            ";tag=_token~1'+`*%!-."))


@torture("RO-03", "esc01", "an escaped URI as the user of another: nobody here", (404,))
def esc01(w):
    return lines("INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0",
                 basic(w, "INVITE", To="sip:%75se%72@example.com", Content_Type="application/sdp"), SDP)


@torture("RO-04", "escnull", "an escaped NUL in a user: no registrar", (405,))
def escnull(w):
    return lines("REGISTER sip:example.com SIP/2.0",
                 basic(w, "REGISTER", To="sip:null-%00-null@example.com", Contact="<sip:%00@host5.example.com>"))


@torture("RO-05", "esc02", "a percent sign in a method is no escape: an unknown method", (501,))
def esc02(w):
    return lines("RE%47IST%45R sip:registrar.example.com SIP/2.0", basic(w, "RE%47IST%45R"))


@torture("RO-06", "lwsdisp", "no space between the display name and the bracket", (200,))
def lwsdisp(w):
    return lines("OPTIONS sip:user@example.com SIP/2.0", basic(w, From="caller<sip:caller@example.com>;tag=323"))


@torture("RO-07", "longreq", "long values everywhere, all within the limits", (404, 414))
def longreq(w):
    long = "unknownheadervalue" * 12
    headers = basic(w, "INVITE", To='"I have a user name of extreme proportion" <sip:user@example.com:6000;'
                    f"unknownparam1=very{'long' * 20}value;longparam{'name' * 20}=shortvalue>",
                    Content_Type="application/sdp")
    headers += [f"Unknown-{'Long' * 15}-Name: {long}"] + \
               [f"Via: SIP/2.0/TCP sip{n}.example.com;branch=z9hG4bK{token()}" for n in range(30)]
    return lines("INVITE sip:user@example.com SIP/2.0", headers, SDP)


@torture("RO-08", "dblreq", "a second request behind the first in one datagram is not looked at", (405,))
def dblreq(w):
    return lines("REGISTER sip:example.com SIP/2.0", basic(w, "REGISTER")) + \
        lines("INVITE sip:joe@example.com SIP/2.0", basic(w, "INVITE"), SDP)


@torture("RO-09", "semiuri", "semicolons in a user", (200,))
def semiuri(w):
    return lines("OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0", basic(w))


@torture("RO-10", "transports", "transports that nobody has in Via", (200,))
def transports(w):
    own = f"SIP/2.0/UDP {w.where};branch=z9hG4bK{token()};rport"
    headers = basic(w, Via=own) + [f"Via: SIP/2.0/{t} t{i}.example.com;branch=z9hG4bK{token()}"
                                   for i, t in enumerate(("SCTP", "TLS", "UNKNOWN", "TCP"))]
    return lines("OPTIONS sip:user@example.com SIP/2.0", headers)


@torture("RO-11", "mpart01", "a multipart body with bytes of every kind: MESSAGE is not for us", (405,))
def mpart01(w):
    body = ("--7a9cbec02ceef655\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\nHello\r\n"
            "--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n" + "".join(map(chr, range(1, 127))) +
            "\r\n--7a9cbec02ceef655--\r\n")
    return lines("MESSAGE sip:kumiko@example.org SIP/2.0",
                 basic(w, "MESSAGE", Content_Type="multipart/mixed;boundary=7a9cbec02ceef655"), body)


@torture("RO-12", "unreason", "an answer with an odd phrase, to nothing that was asked", ())
def unreason(w):
    return lines("SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое", basic(w, "INVITE"))


@torture("RO-13", "noreason", "an answer without a phrase, to nothing that was asked", ())
def noreason(w):
    return lines("SIP/2.0 100 ", basic(w, "INVITE"))


# ---- RFC 4475 3.1.2: wrong ----------------------------------------------------------------------------------------


@torture("RO-14", "badinv01", "separators with nothing between them", (400,))
def badinv01(w):
    return lines("INVITE sip:user@example.com SIP/2.0",
                 basic(w, "INVITE", Contact='"Joe" <sip:joe@example.org>;;;;', To="sip:j.user@example.com"), SDP)


@torture("RO-14v", "badinv01", "separators with nothing between them in Via: nobody knows whom to answer", ())
def badinv01_via(w):
    return lines("INVITE sip:user@example.com SIP/2.0",
                 basic(w, "INVITE", Via=f"SIP/2.0/UDP {w.where};;,;,,;branch=z9hG4bK{token()}"), SDP)


@torture("RO-15", "clerr", "a body shorter than Content-Length says", (400,))
def clerr(w):
    return lines("INVITE sip:user@example.com SIP/2.0", basic(w, "INVITE", Content_Type="application/sdp"), SDP, 9999)


@torture("RO-16", "ncl", "a negative Content-Length", (400,))
def ncl(w):
    return lines("INVITE sip:user@example.com SIP/2.0", basic(w, "INVITE", Content_Type="application/sdp"), SDP, -999)


@torture("RO-17", "scalar02", "numbers that are far too large, in a request", (400,))
def scalar02(w):
    return lines("REGISTER sip:example.com SIP/2.0", basic(w, "REGISTER", CSeq="36893488147419103232 REGISTER",
                                                         Max_Forwards="300", Expires="10000000000000000000"))


@torture("RO-18", "scalarlg", "numbers that are far too large, in an answer", ())
def scalarlg(w):
    return lines("SIP/2.0 503 Service Unavailable", basic(w, "INVITE", CSeq="9292394834772304023312 OPTIONS") +
                 ["Retry-After: 949302838503028349304023988"])


@torture("RO-19", "quotbal", "a quotation mark that is never closed", (400,))
def quotbal(w):
    return lines("INVITE sip:user@example.com SIP/2.0",
                 basic(w, "INVITE", To='"Mr. J. User <sip:j.user@example.com>', Content_Type="application/sdp"), SDP)


@torture("RO-20", "ltgtruri", "a Request-URI in angle brackets", (400,))
def ltgtruri(w):
    return lines("INVITE <sip:user@example.com> SIP/2.0", basic(w, "INVITE", Content_Type="application/sdp"), SDP)


@torture("RO-21", "lwsruri", "a space within the Request-URI", (400, None))
def lwsruri(w):
    return lines("INVITE sip:user@example.com; lr SIP/2.0", basic(w, "INVITE", Content_Type="application/sdp"), SDP)


@torture("RO-22", "lwsstart", "several spaces between the parts of the first line", (400, 404, None))
def lwsstart(w):
    return lines("INVITE  sip:user@example.com  SIP/2.0", basic(w, "INVITE", Content_Type="application/sdp"), SDP)


@torture("RO-23", "trws", "spaces behind the first line", (200, 400, None))
def trws(w):
    return lines("OPTIONS sip:remote-target@example.com SIP/2.0  ", basic(w))


@torture("RO-24", "escruri", "headers in the Request-URI are not made headers of ours", (400, 404))
def escruri(w):
    return lines("INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0",
                 basic(w, "INVITE", Content_Type="application/sdp"), SDP)


@torture("RO-25", "baddate", "a Date in another time zone than GMT: nobody needs it", (404,))
def baddate(w):
    return lines("INVITE sip:user@example.com SIP/2.0",
                 basic(w, "INVITE", Date="Fri, 01 Jan 2010 16:00:00 EST", Content_Type="application/sdp"), SDP)


@torture("RO-26", "regbadct", "a Contact with a question mark and no brackets", (400, 405))
def regbadct(w):
    return lines("REGISTER sip:example.com SIP/2.0",
                 basic(w, "REGISTER", Contact="sip:user@example.com?Route=%3Csip:sip.example.com%3E"))


@torture("RO-27", "badaspec", "spaces within the brackets of To", (400, 200))
def badaspec(w):
    return lines("OPTIONS sip:user@example.org SIP/2.0", basic(w, To='"Watson, Thomas" < sip:t.watson@example.org >'))


@torture("RO-28", "baddn", "a comma in a display name without quotation marks", (400,))
def baddn(w):
    return lines("OPTIONS sip:t.watson@example.org SIP/2.0", basic(w, From="Bell, Alexander <sip:a.g.bell@example.com>;tag=433423"))


@torture("RO-29", "badvers", "another version of SIP", (505,))
def badvers(w):
    return lines("OPTIONS sip:t.watson@example.org SIP/7.0", basic(w))


@torture("RO-30", "mismatch01", "CSeq names another method, both known", (400,))
def mismatch01(w):
    return lines("OPTIONS sip:user@example.com SIP/2.0", basic(w, CSeq="8 INVITE"))


@torture("RO-31", "mismatch02", "CSeq names another method, the one of the request unknown", (400, 501))
def mismatch02(w):
    return lines("NEWMETHOD sip:user@example.com SIP/2.0", basic(w, CSeq="8 INVITE"))


@torture("RO-32", "bigcode", "an answer with a code that overflows", ())
def bigcode(w):
    return lines("SIP/2.0 4294967301 better not break the receiver", basic(w, "INVITE"))


# ---- RFC 4475 3.2 and 3.3: transactions, applications -------------------------------------------------------------


@torture("RO-33", "badbranch", "a branch that is the magic cookie and no more", (200, 400))
def badbranch(w):
    return lines("OPTIONS sip:user@example.com SIP/2.0", basic(w, Via=f"SIP/2.0/UDP {w.where};branch=z9hG4bK;rport"))


@torture("RO-34", "insuf", "no From, no To, no Call-ID", (400,))
def insuf(w):
    return lines("INVITE sip:user@example.com SIP/2.0", basic(w, "INVITE", From=None, To=None, Call_ID=None), SDP)


@torture("RO-35", "unkscm", "a scheme that nobody knows", (416,))
def unkscm(w):
    return lines("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0", basic(w))


@torture("RO-36", "novelsc", "a scheme that is known, but is no telephone's", (416,))
def novelsc(w):
    return lines("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0", basic(w))


@torture("RO-37", "unksm2", "odd schemes in To and From", (400, 405))
def unksm2(w):
    return lines("REGISTER sip:example.com SIP/2.0", basic(w, "REGISTER", To="isbn:2983792873", From="<http://www.example.com>;tag=3234233"))


@torture("RO-38", "bext01", "extensions are required that nobody has", (420,))
def bext01(w):
    return lines("OPTIONS sip:user@example.com SIP/2.0",
                 basic(w, Require="nothingSupportsThis, nothingSupportsThisEither"))


@torture("RO-39", "invut", "a body of a type that nobody knows", (415,))
def invut(w):
    return lines("INVITE sip:user@example.com SIP/2.0", basic(w, "INVITE", Content_Type="application/unknownformat"),
                 "<audio> <pcmu port=\"443\"/> </audio>\r\n")


@torture("RO-40", "regaut01", "an authentication scheme that nobody knows", (401, 405))
def regaut01(w):
    return lines("REGISTER sip:example.com SIP/2.0",
                 basic(w, "REGISTER", Authorization="NoOneKnowsThisScheme opaque-data=here"))


@torture("RO-41", "multi01", "headers twice that may stand once", (400,))
def multi01(w):
    return lines("INVITE sip:user@company.com SIP/2.0",
                 basic(w, "INVITE") + ["CSeq: 8 INVITE", "Call-ID: two", "From: <sip:other@example.com>;tag=2",
                                       "To: <sip:other@example.com>", "Max-Forwards: 5"], SDP)


@torture("RO-42", "mcl01", "two lengths of one body", (400,))
def mcl01(w):
    return lines("OPTIONS sip:user@example.com SIP/2.0", basic(w) + ["Content-Length: 13"], "There's no way", 5)


@torture("RO-43", "bcast", "an answer whose Via is somebody else's", ())
def bcast(w):
    return lines("SIP/2.0 200 OK", basic(w, "INVITE", Via="SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923"))


@torture("RO-44", "zeromf", "Max-Forwards 0 at its goal", (200,))
def zeromf(w):
    return lines("OPTIONS sip:user@example.com SIP/2.0", basic(w, Max_Forwards="0"))


@torture("RO-45", "cparam01", "a parameter of a Contact that nobody knows", (405,))
def cparam01(w):
    return lines("REGISTER sip:example.com SIP/2.0",
                 basic(w, "REGISTER", Contact="sip:+19725552222@gw1.example.net;unknownparam"))


@torture("RO-46", "cparam02", "a parameter of a Contact's URI that nobody knows", (405,))
def cparam02(w):
    return lines("REGISTER sip:example.com SIP/2.0",
                 basic(w, "REGISTER", Contact="<sip:+19725552222@gw1.example.net;unknownparam>"))


@torture("RO-47", "regescrt", "a Route escaped in a Contact", (405,))
def regescrt(w):
    return lines("REGISTER sip:example.com SIP/2.0",
                 basic(w, "REGISTER", Contact="<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"))


@torture("RO-48", "sdp01", "the caller does not want SDP", (406,))
def sdp01(w):
    return lines("INVITE sip:user@example.com SIP/2.0",
                 basic(w, "INVITE", Accept="text/nobodyKnowsThis", Content_Type="application/sdp"), SDP)


@torture("RO-49", "inv2543", "no branch, no tags: RFC 2543's", (404, 400))
def inv2543(w):
    return lines("INVITE sip:UserB@example.com SIP/2.0",
                 basic(w, "INVITE", Via=f"SIP/2.0/UDP {w.where}", From="<sip:user@example.com>",
                       Content_Type="application/sdp"), SDP)


# ---- RFC 5118: IPv6 -----------------------------------------------------------------------------------------------


def six(identifier, name, words, codes):
    def keep(function):
        @line(identifier, f"{name}: {words}")
        def one(s):
            wire = Wire(SERVER6)
            try:
                wire.send(function(wire))
                answer = wire.final(None, 8.0 if codes else QUIET)
                want_in(answer.code if answer else None, codes or (None,), "answer")
                wire.alive()
            finally:
                wire.close()
        return function

    return keep


@six("RO-60", "ipv6-good", "an IPv6 reference as the goal and in Via", (200,))
def ipv6_good(w):
    return lines("OPTIONS sip:[2001:db8::10] SIP/2.0", basic(w))


@six("RO-61", "ipv6-bad", "an IPv6 address without its brackets as the goal", (400, None))
def ipv6_bad(w):
    return lines("OPTIONS sip:2001:db8::10 SIP/2.0", basic(w))


@six("RO-62", "port-ambiguous", "what looks like a port is part of the address", (200,))
def port_ambiguous(w):
    return lines("OPTIONS sip:[2001:db8::10:5070] SIP/2.0", basic(w))


@six("RO-63", "port-unambiguous", "the address in brackets, its port behind them", (200,))
def port_unambiguous(w):
    return lines("OPTIONS sip:[2001:db8::10]:5070 SIP/2.0", basic(w))


@six("RO-64", "via-received-brackets", "received= with and without brackets", (200,))
def via_received(w):
    return lines("OPTIONS sip:[2001:db8::10] SIP/2.0",
                 basic(w) + [f"Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bK{token()}",
                             f"Via: SIP/2.0/UDP [2001:db8::9:2];received=2001:db8::9:254;branch=z9hG4bK{token()}"])


@six("RO-65", "sdp", "IPv6 in the SDP: answered in kind or refused, for a number that is not here", (404,))
def sdp6(w):
    return lines("INVITE sip:user@[2001:db8::10] SIP/2.0", basic(w, "INVITE", Content_Type="application/sdp"),
                 "v=0\r\no=bob 280744730 28977631 IN IP6 2001:db8::20\r\ns=-\r\nt=0 0\r\nc=IN IP6 2001:db8::20\r\n"
                 "m=audio 6000 RTP/AVP 0\r\n")


@six("RO-66", "mult-ip-in-header", "IPv4 and IPv6 side by side in Contact and Via", (200,))
def both(w):
    return lines("OPTIONS sip:user@example.com SIP/2.0",
                 basic(w, Contact="<sip:user@[2001:db8::10]>, <sip:user@192.0.2.1>") +
                 [f"Via: SIP/2.0/UDP 192.0.2.1;received=[2001:db8::9:255];branch=z9hG4bK{token()}"])


@six("RO-67", "ipv4-mapped", "an IPv4 address within an IPv6 one", (200,))
def mapped(w):
    return lines("OPTIONS sip:user@[::ffff:192.0.2.10] SIP/2.0",
                 basic(w, Contact="<sip:user@[::ffff:192.0.2.10]:19823>"))


@six("RO-68", "three-colons", "three colons in a row (RFC 5118 4.10 tolerates it in one place)", (200, 400, None))
def three_colons(w):
    return lines("OPTIONS sip:user@[2001:db8:::192.0.2.1] SIP/2.0", basic(w))


# ---- SDP, as odd (the wire, 8.8) ----------------------------------------------------------------------------------


HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"


def offered(s, sdp, codes, what, headers=("Content-Type: application/sdp",)):
    """A call with this body; 200: it hears music or is at least answered properly."""
    orbits = s.range()
    caller = s.outsider(orbits.park)
    response = caller.invite(["Referred-By: <sip:105@callpark.test>", *headers[1:]], sdp,
                             kind=headers[0].split(": ", 1)[1])
    want_in(response.code, codes, what)
    return caller, response


def media(port, extra="", profile="RTP/AVP", formats="0"):
    return f"m=audio {port} {profile} {formats}\r\n{extra}"


SDP_CASES = [
    ("c= at the media line only", lambda p: HEAD.replace("c=IN IP4 127.0.0.1\r\n", "") + media(p, "c=IN IP4 127.0.0.1\r\n"), (200,)),
    ("no c= at all", lambda p: HEAD.replace("c=IN IP4 127.0.0.1\r\n", "") + media(p), (400, 488)),
    ("an unknown kind of media beside audio", lambda p: HEAD + "m=hologram 9 RTP/AVP 0\r\n" + media(p), (200,)),
    ("only an unknown kind of media", lambda p: HEAD + "m=hologram 9 RTP/AVP 0\r\n", (488,)),
    ("an unknown profile", lambda p: HEAD + media(p, profile="RTP/XYZ"), (488,)),
    ("a dynamic number without rtpmap", lambda p: HEAD + media(p, formats="97"), (488,)),
    ("... beside one that is known", lambda p: HEAD + media(p, formats="97 0"), (200,)),
    ("port 0", lambda p: HEAD + media(0), (488,)),
    ("port 65536", lambda p: HEAD + media(65536), (400, 488)),
    ("a negative port", lambda p: HEAD + media(-5), (400, 488)),
    ("a number of ports", lambda p: HEAD + media(f"{p}/2"), (200,)),
    ("ptime 0", lambda p: HEAD + media(p, "a=ptime:0\r\n"), (200,)),
    ("ptime 1000", lambda p: HEAD + media(p, "a=ptime:1000\r\n"), (200,)),
    ("a multicast address", lambda p: HEAD.replace("c=IN IP4 127.0.0.1", "c=IN IP4 224.2.1.1/127") + media(p), (488,)),
    ("the broadcast address", lambda p: HEAD.replace("c=IN IP4 127.0.0.1", "c=IN IP4 255.255.255.255") + media(p), (488,)),
    ("a name as the address", lambda p: HEAD.replace("c=IN IP4 127.0.0.1", "c=IN IP4 phone.invalid") + media(p), (488,)),
    ("huge numbers in o=, spaces in s=", lambda p: HEAD.replace("o=- 1 1", "o=- 99999999999999999999999 88888888888888888888888").replace("s=-", "s=a b  c") + media(p), (200,)),
    ("no s= and no t=", lambda p: "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\n" + media(p), (200, 400, 488)),
    ("line feeds alone", lambda p: (HEAD + media(p)).replace("\r\n", "\n"), (200,)),
    ("junk behind an empty line", lambda p: HEAD + media(p) + "\r\n\r\njunk", (200, 400, 488)),
    ("1,000 attributes", lambda p: HEAD + media(p, "".join(f"a=x{n}:y\r\n" for n in range(1000))), (200, 400, 488)),
    ("64 media lines", lambda p: HEAD + "".join(media(p) for _ in range(64)), (200, 400, 488)),
    ("an fmtp of 10 kB", lambda p: HEAD + media(p, "a=fmtp:0 " + "x" * 10240 + "\r\n"), (200, 400, 488)),
]


@line("RO-70", "SDP torture: each is answered or refused as it should be, none twice")
def sdp_torture(s):
    for what, text, codes in SDP_CASES:
        audio = s.audio()
        caller, response = offered(s, text(audio.port), codes, what)
        if response.code == 200:
            want(response.body.count("m="), text(audio.port).count("m="), f"{what}: media lines in the answer")
            caller.bye()


@line("RO-71", "a body that cannot be read in a re-INVITE: refused, the session goes on")
def bad_change(s):
    caller = s.park(s.range(), "105")
    want_in(caller.invite(sdp="v=0\r\nthis is no SDP").code, (400, 488), "the change")
    caller.audio.wait_packets(10, since=time.monotonic())
    want(caller.bye().code, 200, "BYE")


@line("RO-72", "multipart/mixed with the SDP as its second part: found")
def second_part(s):
    audio = s.audio()
    body = ("--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: application/sdp\r\n\r\n" +
            audio.offer() + "\r\n--b--\r\n")
    caller, response = offered(s, body, (200,), "multipart", ("Content-Type: multipart/mixed;boundary=b",))
    audio.start(response.body)
    audio.hears_sound()
    caller.bye()


@line("RO-73", "a compressed body: 415 with Accept-Encoding")
def compressed(s):
    _, response = offered(s, "\x1f\x8b junk", (415,), "gzip", ("Content-Type: application/sdp", "Content-Encoding: gzip"))
    want(response.get("Accept-Encoding"), "identity", "Accept-Encoding")


@line("trap-stun", "STUN at a SIP port, which the library would answer by itself: nothing comes back")
def stun(s):
    wire = Wire()
    try:
        wire.send(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + b"callpark-stn")
        want(wire.take(QUIET), None, "an answer to STUN")
        wire.alive()
    finally:
        wire.close()


@line("RO-81", "and after all of that a call is parked and retrieved as ever", last=True)
def as_ever(s):
    orbits = s.range()
    caller = s.park(orbits, "105", tone=440)
    s.api.parked(orbits.orbit)
    caller.audio.hears_sound()
    retriever = s.retrieve(orbits.orbit, tone=600)
    s.talk(caller, retriever)


if __name__ == "__main__":
    run()
