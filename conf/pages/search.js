/* Finds the page for a pasted error text or bounce. It reads replies and selects rules as the daemon
 * does (milter/smtp/reply.c and milter/match/match.c), with the rules in rules.js. */
var explainSearch = (function () {
	"use strict";
	var MAX_TEXT = 200000;
	/* A browser's expressions go back and forth where the daemon's don't: long texts, and long words above all,
	   would take minutes. */
	var MAX_REPLY = 4000;
	var LONG_WORDS = /(\S{256})\S+/g;
	var MAX_SECONDS = 3;
	var MAX_SHOWN = 3;
	var compiled = null;

	/* Rules look at octets: each becomes the character of that number. */
	function octets(text) {
		return unescape(encodeURIComponent(text.replace(/[\uD800-\uDFFF]/g, function (half, at, whole) {
			/* A lone half of a pair can't be encoded. */
			var code = half.charCodeAt(0);
			var other = code < 0xdc00 ? whole.charCodeAt(at + 1) : whole.charCodeAt(at - 1);
			var paired = code < 0xdc00 ? other >= 0xdc00 && other <= 0xdfff : other >= 0xd800 && other < 0xdc00;
			return paired ? half : "?";
		})));
	}

	function statusOf(text) {
		var match = /^([245])\.(\d{1,3})\.(\d{1,3})(?![0-9a-z.])/i.exec(text);
		return match ? { key: [match[1], +match[2], +match[3]], length: match[0].length } : null;
	}

	function codeAt(text, at) {
		var match = /^[2-5]\d\d(?=[ \n-]|$)/.exec(text.slice(at, at + 4));
		return match ? +match[0] : 0;
	}

	var introduced = /(?:said: |<<< |\]: |responded: |response: |replied: |returned: |to me: )$/i;

	var afterDomain = /(?=[0-9a-z.-]*\.)(?=[0-9.-]*[a-z])[0-9a-z.-]+: $/i;
	/* The commands that stages are named by: milter/smtp/stage.c. */
	var stages = [["end of data", "eom"], ["data", "data"], ["bdat", "data"], ["rcpt", "rcpt"], ["mail", "mail"],
		["ehlo", "helo"], ["helo", "helo"], ["lhlo", "helo"], ["starttls", "starttls"], ["auth", "auth"],
		["vrfy", "vrfy"], ["etrn", "etrn"], ["initial server greeting", "connect"]];

	function stageOf(command) {
		var found = stages.filter(function (stage) {
			return command.toLowerCase().indexOf(stage[0]) === 0;
		});
		return found.length ? found[0][1] : "";
	}

	/* Where another server's reply begins that this text quotes. */
	function findCode(text) {
		var search = /[45]\d\d(?=[ \n-]|$)/g;
		for (var match; (match = search.exec(text)); ) {
			var at = match.index;
			if (at > 0 && /[0-9a-z]/i.test(text[at - 1])) {
				continue;
			}
			var status = statusOf(text.slice(at + 4, at + 20));
			if (status && status.key[0] === text[at]) {
				return at;
			}
			var before = text.slice(0, at);
			if (introduced.test(before.slice(-12)) || afterDomain.test(before.slice(-256)) ||
				(/SMTP error from remote/.test(before) && /: $/.test(before))) {
				return at;
			}
		}
		return -1;
	}

	/* {code, status, text}; text as rules look at it. */
	function parse(given) {
		var text = given.replace(LONG_WORDS, "$1").slice(0, MAX_REPLY)
			.replace(/\r\n?/g, "\n")
			.replace(/\n[ \t]+/g, " ")
			.replace(/[\x00-\x09\x0b-\x1f\x7f]/g, " ")
			.replace(/[\n ]+$/, "")
			.replace(/^[\n ]+/, "");
		text = text.replace(/^(?:smtp|lmtp|dns|unix|x-[a-z0-9-]{0,31});[\n ]*/i, "");
		var reply = { code: 0, status: null, text: "", host: "", stage: "" };
		var before = null;

		if (!codeAt(text, 0)) {
			text = text.replace(/[ \n]*\(in reply to ([^()]*) command\)$/i, function (all, command) {
				reply.stage = stageOf(command);
				return "";
			});
			var first = statusOf(text);
			if (first) {
				reply.status = first.key;
				text = text.slice(first.length).replace(/^[\n ]+/, "");
			}
			var at = findCode(text);
			if (at >= 0) {
				var host = /(?:^|[^0-9a-z])host ([^ \n[:,]+)[ [:]/i.exec(text.slice(0, at));
				reply.host = host ? host[1].toLowerCase() : "";
				var command = /SMTP error from remote.*? after ([^]*)/.exec(text.slice(0, at));
				reply.stage = reply.stage || (command ? stageOf(command[1]) : "");
				var transcript = /<<< $/.test(text.slice(0, at));
				text = text.slice(at);
				if (transcript) {
					/* Sendmail's: the reply ends with the last line that has the sign. */
					text = text.replace(/\n(?!<<< )[^]*$/, "").replace(/\n<<< (?=.)/g, "\n");
				}
				before = reply.status;
				reply.status = null;
			}
		}
		reply.text = splitLines(reply, text).join(" ").replace(/ {2,}/g, " ");
		reply.status = reply.status || before;
		if (!reply.status) {
			var hash = /#([245]\.\d{1,3}\.\d{1,3})(?![0-9a-z.])/i.exec(reply.text);
			reply.status = hash && statusOf(hash[1]).key;
		}
		return reply;
	}

	function skipCodes(reply, line) {
		var code = codeAt(line, 0);
		if (code && (!reply.code || Math.floor(code / 100) === Math.floor(reply.code / 100))) {
			reply.code = reply.code || code;
			line = line.slice(4).replace(/^[ \n]+/, "");
		}
		var status = statusOf(line);
		if (status && (!reply.status || String(reply.status) === String(status.key))) {
			reply.status = status.key;
			line = line.slice(status.length);
		}
		return line;
	}

	function splitLines(reply, text) {
		var lines = text.split("\n");
		var out = [];
		lines.forEach(function (line, number) {
			line = line.replace(/^ +/, "");
			var next = lines[number + 1];
			while (line) {
				var code = line.slice(0, 3);
				var part = line.length;
				var answered = next !== undefined && codeAt(next, 0) && next.slice(0, 3) === code;
				if (!answered && codeAt(line, 0) && line[3] === "-") {
					var again = new RegExp(" " + code + "[ -]").exec(line.slice(4));
					part = again ? again.index + 4 : part;
				}
				var words = skipCodes(reply, line.slice(0, part)).replace(/^ +| +$/g, "");
				if (words) {
					out.push(words);
				}
				line = line.slice(part + 1);
			}
		});
		return out;
	}

	/* A pattern of a site that only the daemon's libraries know finds nothing here. */
	function expression(pattern) {
		try {
			return new RegExp(pattern, "is");
		} catch (error) {
			return /[^\s\S]/;
		}
	}

	function compile() {
		compiled = explainRules.map(function (rule) {
			return {
				rule: rule[0],
				cause: rule[1],
				general: rule[2].every(function (alternative) {
					return !alternative[0];
				}),
				alternatives: rule[2].map(function (alternative) {
					return {
						pattern: alternative[0] && expression(alternative[0]),
						codes: alternative[1],
						hosts: alternative[3],
						stages: alternative[4],
						statuses: alternative[2].map(function (status) {
							return status.split(".");
						})
					};
				})
			};
		});
	}

	function fits(alternative, reply) {
		if (alternative.codes.length && !alternative.codes.some(function (range) {
			return reply.code >= range[0] && reply.code <= range[1];
		})) {
			return false;
		}
		if (alternative.statuses.length && !(reply.status && alternative.statuses.some(function (status) {
			return status.every(function (part, i) {
				return part.toLowerCase() === "x" || +part === +reply.status[i];
			});
		}))) {
			return false;
		}
		if (alternative.stages.length && alternative.stages.indexOf(reply.stage) < 0) {
			return false;
		}
		if (alternative.hosts.length && !alternative.hosts.some(function (domain) {
			return ("." + reply.host).endsWith("." + domain);
		})) {
			return false;
		}
		return !alternative.pattern || alternative.pattern.test(reply.text);
	}

	/* The first rule that fits one reply: {rule, cause, general}, or null. */
	function select(text) {
		var reply = parse(octets(text));
		if (!compiled) {
			compile();
		}
		for (var i = 0; i < compiled.length; i++) {
			if (compiled[i].alternatives.some(function (alternative) {
				return fits(alternative, reply);
			})) {
				return compiled[i];
			}
		}
		return null;
	}

	/* What in a whole bounce can be another server's answer, the best first. */
	function candidates(text) {
		text = text.slice(0, MAX_TEXT).replace(/\r\n?/g, "\n");
		var found = [];
		var unfolded = text.replace(/\n[ \t]+/g, " ");
		unfolded.replace(/^(?:Diagnostic-Code|X-[A-Za-z-]{0,30}?Diagnostic[A-Za-z-]{0,30}): *(.+)$/gim, function (line, value) {
			found.push(value);
			return line;
		});
		/* A reply's lines, with what stands before its code: `host X said: 550 ...`. */
		unfolded.replace(/^.*\b[45]\d\d[ -].*(?:\n[45]\d\d[ -].*)*$/gm, function (lines) {
			found.push(lines);
			return lines;
		});
		unfolded.replace(/^.*#?[45]\.\d{1,3}\.\d{1,3}\b.*$/gm, function (line) {
			found.push(line);
			return line;
		});
		found.push(text);
		text.split(/\n\s*\n/).forEach(function (paragraph) {
			found.push(paragraph);
		});
		return found.slice(0, 200);
	}

	/* The causes that fit, at most three; those that only a code names when there is nothing else. */
	function find(text) {
		var specific = [];
		var general = [];
		var end = Date.now() + MAX_SECONDS * 1000;
		candidates(text).forEach(function (candidate) {
			var rule = specific.length < MAX_SHOWN && Date.now() < end ? select(candidate) : null;
			var list = rule && (rule.general ? general : specific);
			if (list && !list.some(function (other) {
				return other.cause === rule.cause;
			})) {
				list.push(rule);
			}
		});
		return specific.length
			? { general: false, causes: specific.slice(0, bounceLike(text) ? MAX_SHOWN : 1) }
			: { general: true, causes: general.slice(0, 1) };
	}

	/* Several recipients can have failed for several reasons; one error text has one. */
	function bounceLike(text) {
		return (text.match(/^Diagnostic-Code:/gim) || []).length > 1;
	}

	function show(form, text) {
		var result = document.getElementById("result");
		var found = text.trim() ? find(text) : null;
		var line = document.createElement("p");
		var list = document.createElement("ul");

		result.textContent = "";
		line.textContent = !found ? form.dataset.empty
			: !found.causes.length ? form.dataset.none
			: found.general ? form.dataset.general : form.dataset.found;
		result.appendChild(line);
		(found ? found.causes : []).forEach(function (rule) {
			var known = document.querySelector('details a[href="' + rule.cause + '.html"]');
			var item = document.createElement("li");
			var link = document.createElement("a");
			link.href = rule.cause + ".html";
			link.textContent = known ? known.textContent : rule.cause;
			item.appendChild(link);
			list.appendChild(item);
		});
		if (list.firstChild) {
			result.appendChild(list);
		}
	}

	if (typeof document !== "undefined") {
		var form = document.getElementById("search");
		form.hidden = false;
		form.addEventListener("submit", function (event) {
			event.preventDefault();
			show(form, document.getElementById("text").value);
		});
	}
	return { select: select, find: find, parse: parse };
})();
