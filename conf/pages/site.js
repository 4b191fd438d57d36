/* Which language: the one that the reader chose before, else the first of the browser's that there is. */
(function () {
	"use strict";
	var key = "explain-language";

	/* Storage can be switched off, and from a disk some browsers have none. */
	function remembered() {
		try {
			return window.localStorage.getItem(key);
		} catch (error) {
			return null;
		}
	}

	function remember(language) {
		try {
			window.localStorage.setItem(key, language);
		} catch (error) {
			/* Then it is asked of the browser the next time. */
		}
	}

	/* pt-PT is better served by pt-BR than by English, zh-TW by zh-CN. */
	function find(links, wanted) {
		var short = wanted.toLowerCase().split("-")[0];
		var near = null;
		for (var i = 0; i < links.length; i++) {
			var language = links[i].hreflang.toLowerCase();
			if (language === wanted.toLowerCase()) {
				return links[i];
			}
			if (!near && language.split("-")[0] === short) {
				near = links[i];
			}
		}
		return near;
	}

	document.querySelectorAll(".languages a").forEach(function (link) {
		link.addEventListener("click", function () {
			remember(link.hreflang);
		});
	});

	var entry = document.querySelectorAll("#entry a");
	if (entry.length === 0) {
		return;
	}
	var wishes = [remembered()].concat(navigator.languages || [navigator.language], "en");
	for (var i = 0; i < wishes.length; i++) {
		var link = wishes[i] && find(entry, wishes[i]);
		if (link) {
			window.location.replace(link.href);
			return;
		}
	}
})();
