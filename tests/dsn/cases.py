"""Bounces as readers get them, friendly and hostile, for the test of the HTML part."""

import email
import email.policy

LONG = "a.very.long.address.that.somebody.typed.without.any.blank." * 4
UNBROKEN = "X" * 700

NOTICE = """\
This is the mail system at host mail.example.com.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.
"""


def group(address, action="failed", status="5.1.1", diagnostic="", mta="mx.example.net", until=""):
    """The fields of one recipient (RFC 3464 section 2.3)."""
    lines = ["Final-Recipient: rfc822; " + address, "Action: " + action, "Status: " + status]
    if mta:
        lines.append("Remote-MTA: dns; " + mta)
    if diagnostic:
        lines.append("Diagnostic-Code: smtp; " + diagnostic)
    if until:
        lines.append("Will-Retry-Until: " + until)
    return "\n".join(lines) + "\n"


def report(*groups, notice=NOTICE, kind="text/plain; charset=utf-8"):
    """A delivery report (RFC 6522) with these recipients."""
    return ("""\
From: MAILER-DAEMON@mail.example.com
To: alice@example.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: %s
Content-Transfer-Encoding: 8bit

%s
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com

%s
--b
Content-Type: message/rfc822

Subject: Hello

Text
--b--
""" % (kind, notice, "\n".join(groups))).encode()


UNKNOWN = group("bob@example.org", diagnostic="550 5.1.1 <bob@example.org>: Recipient address rejected: "
                "User unknown in local recipient table")
FULL = group("carol@example.net", status="5.2.2", diagnostic="552 5.2.2 Mailbox full")
LATE = group("dave@example.net", "delayed", "4.4.1", "connect to mx.example.net[192.0.2.1]:25: Connection timed out",
             until="Fri, 27 Nov 2026 10:00:00 +0100")
SPAM = group("erin@example.net", status="5.7.1", diagnostic="554 5.7.1 Service unavailable; Client host [192.0.2.9] "
             "blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.9")
DARK = group("frank@example.net", status="5.0.0", diagnostic="550 no")
RULE = group("gina@example.net", status="5.7.1", diagnostic="550 5.7.1 Message refused by policy")

EVIL = ('<script id=evil>alert(1)</script><style id=evil>*{display:none}</style><img id=evil src=//evil.example/x '
        'onerror=alert(1)><a id=evil href="http://evil.example">click</a></td></tr></table></details>"\'><b class=evil>'
        '&lt;i id=evil&gt; &#60;u&#62; <!-- <![CDATA[ javascript:alert(1)')

# name: (the configuration's languages, other settings, the message)
CASES = {
    "failed": (["en"], {}, report(UNKNOWN)),
    "delayed": (["en"], {}, report(LATE)),
    "mixed": (["en"], {}, report(
        UNKNOWN, LATE, group("grace@example.org", "delivered", "2.0.0"), group("heidi@example.org", "relayed", "2.0.0"),
        group("list@example.org", "expanded", "2.0.0"))),
    "several": (["en"], {}, report(UNKNOWN, FULL, SPAM, DARK, RULE,
                                   group("ivan@gmial.com", status="5.1.2", diagnostic="550 5.1.2 Host or domain name "
                                         "not found"))),
    "long": (["en"], {}, report(group(LONG + "@" + "example." * 12 + "org", diagnostic="550 5.1.1 " + UNBROKEN,
                                      mta="m" * 60 + ".example.net"), notice=UNBROKEN)),
    "hostile": (["en"], {}, report(group("<b/class=evil><img/id=evil/src=//evil.example/>\"'&lt;u&gt;@example.org",
                                         diagnostic="550 5.1.1 " + EVIL, mta="mx<img/id=evil/src=//evil.example/>"),
                                   group("\"><script/id=evil>alert(1)</script>@example.org", "delivered", "2.0.0"),
                                   notice=EVIL)),
    "directions": (["en"], {}, report(
        group("\u05d3\u05d5\u05d0\u05e8@\u05d3\u05d5\u05d2\u05de\u05d4.example",
              diagnostic="550 5.1.1 "
              "\u05d4\u05de\u05e9\u05ea\u05de\u05e9 \u05dc\u05d0 \u05e7\u05d9\u05d9\u05dd (unknown)."),
        group("bob\u202egro.elpmaxe@example.org", diagnostic="550 5.1.1 \u202etxet denrut\u2066 user unknown",
              mta="mx\u202e.example.net"),
        notice="\u05d4\u05d4\u05d5\u05d3\u05e2\u05d4 \u05dc\u05d0 \u05e0\u05de\u05e1\u05e8\u05d4. Not delivered.\n"
        "Turned: \u202eabc\n")),
    "ja": (["ja"], {}, report(UNKNOWN, LATE, notice="\u6b21\u306e\u5b9b\u5148\u306b\u914d\u4fe1\u3067\u304d\u307e"
                              "\u305b\u3093\u3067\u3057\u305f\u3002")),
    "zh-CN": (["zh-CN"], {}, report(FULL, LATE, group("grace@example.org", "delivered", "2.0.0"))),
    "de": (["de"], {}, report(UNKNOWN, LATE, SPAM)),
    "pl": (["pl"], {}, report(FULL, LATE, DARK)),
    "two": (["en", "de"], {}, report(UNKNOWN)),
    "no-link": (["en"], {"help_url": "", "contact": ""}, report(FULL)),
    "kept": (["en"], {}, report(UNKNOWN, notice="<p>It failed.</p>", kind="text/html")),
    "many": (["en"], {}, report(*(group("user%d@example.org" % i) for i in range(30)))),
}


def parts(octets):
    """The text/plain and the text/html part of an explained bounce."""
    message = email.message_from_bytes(octets, policy=email.policy.default)
    alternative = next(part for part in message.walk() if part.get_content_type() == "multipart/alternative")
    return [part.get_content() for part in alternative.iter_parts()]
