// Looks at the help site as a reader would: in Chromium, from the disk and from a web server under a path.
//
// Usage: browser.mjs MODULES SITE CASES [SERVED]
//   MODULES  node_modules with playwright-core and axe-core
//   SITE     the directory of the site
//   CASES    JSON: [[text to paste, [causes]], ...]
//   SERVED   the same site behind a web server on loopback
// Prints `ok NAME` or `not ok NAME: why` for each test, and exits with 1 if one failed.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import path from "node:path";
import { start } from "./harness.mjs";

const [modules, site, casesFile, served] = process.argv.slice(2);
const cases = JSON.parse(readFileSync(casesFile, "utf8"));
const disk = pathToFileURL(path.resolve(site)).href;
const { test, equal, accessible, finish } = await start(modules);

async function search(page, text) {
	await page.$eval("#text", (area, value) => {
		area.value = value;
	}, text);
	await page.click("form button");
	return page.$$eval("#result a", (links) => links.map((link) => link.getAttribute("href").replace(".html", "")));
}

for (const [place, base] of [["disk", disk], ["server", served]]) {
	if (!base) {
		continue;
	}
	await test(place + ": search finds the page of each text", {}, async (page) => {
		await page.goto(base + "/en/index.html");
		const wrong = [];
		for (const [text, causes] of cases) {
			const found = await search(page, text);
			if (JSON.stringify(found) !== JSON.stringify(causes)) {
				wrong.push(JSON.stringify(text.slice(0, 80)) + ": " + found + " instead of " + causes);
			}
		}
		equal(wrong, [], "searches");
	});
	await test(place + ": a result leads to its page", {}, async (page) => {
		await page.goto(base + "/en/index.html");
		await search(page, "550 5.1.1 <bob@example.org>: User unknown");
		const title = await page.textContent("#result a");
		await page.click("#result a");
		equal(await page.textContent("h1"), title, "title");
	});
	await test(place + ": the browser's language is chosen", { locale: "de-AT" }, async (page) => {
		await page.goto(base + "/mailbox-full/index.html");
		await page.waitForURL("**/de/mailbox-full.html");
		equal(await page.getAttribute("html", "lang"), "de", "lang");
	});
	await test(place + ": a language that is not there becomes English", { locale: "fi-FI" }, async (page) => {
		await page.goto(base + "/index.html");
		await page.waitForURL("**/en/index.html");
	});
	await test(place + ": the switch leads to the same page", { locale: "de-DE" }, async (page) => {
		await page.goto(base + "/en/mailbox-full.html");
		await page.click('.languages a[hreflang="ja"]');
		await page.waitForURL("**/ja/mailbox-full.html");
		equal(await page.getAttribute("html", "lang"), "ja", "lang");
		equal(await page.textContent(".languages a[aria-current]"), "\u65e5\u672c\u8a9e", "current language");
	});
	await test(place + ": nothing is loaded from elsewhere", {}, async (page, requests) => {
		await page.goto(base + "/fr/index.html");
		await page.click("details summary >> nth=0");
		await page.click("details a >> nth=0");
		await page.waitForURL("**/fr/*.html");
		equal(requests.filter((url) => !url.startsWith(base) && !url.startsWith("data:")), [], "requests");
	});
}

await test("server: the choice of a language is remembered", { locale: "de-DE" }, async (page) => {
	await page.goto(served + "/de/index.html");
	await page.click('.languages a[hreflang="fr"]');
	await page.waitForURL("**/fr/index.html");
	await page.goto(served + "/mailbox-full/");
	await page.waitForURL("**/fr/mailbox-full.html");
});

await test("without JavaScript the lists and pages are there", { javaScriptEnabled: false }, async (page) => {
	await page.goto(disk + "/en/index.html");
	equal(await page.isVisible("#search"), false, "search form");
	equal(await page.isVisible("noscript p"), true, "note");
	await page.click("details summary >> nth=1");
	await page.click("details[open] a >> nth=0");
	equal((await page.textContent("h1")).length > 10, true, "title");
	await page.goto(disk + "/mailbox-full/index.html");
	equal(await page.$$eval("#entry a", (links) => links.length) >= 10, true, "languages to choose from");
});

await test("by keyboard alone", {}, async (page) => {
	await page.goto(disk + "/en/index.html");
	await page.keyboard.press("Tab");
	equal(await page.evaluate(() => document.activeElement.className), "skip", "first stop");
	await page.keyboard.press("Enter");
	await page.keyboard.press("Tab");
	equal(await page.evaluate(() => document.activeElement.id), "text", "second stop");
	await page.keyboard.type("552 5.2.2 Mailbox full");
	await page.keyboard.press("Tab");
	await page.keyboard.press("Enter");
	await page.keyboard.press("Tab");
	await page.keyboard.press("Enter");
	await page.waitForURL("**/mailbox-full.html");
});

await test("hostile texts stay text", {}, async (page) => {
	await page.goto(disk + "/en/index.html");
	for (const text of ["<img src=x onerror=alert(1)>", "550 <script>alert(1)</script>", "\ud800", "550 \u0000\u0001 x",
		"(".repeat(50000), ("550-5.1.1 " + "a".repeat(90) + "\n").repeat(5000), "x".repeat(1000000),
		"X-" + "Diagnostic".repeat(20000), "X-Diagnostic".repeat(20000), ""]) {
		const begin = Date.now();
		await search(page, text);
		if (Date.now() - begin > 15000) {
			throw new Error("no answer to " + JSON.stringify(text.slice(0, 30)));
		}
	}
	equal(await page.$$eval("#result img, #result script", (found) => found.length), 0, "elements");
});

for (const [name, options] of [
	["phone", { viewport: { width: 360, height: 740 } }],
	["desktop", {}],
	["dark", { colorScheme: "dark" }]
]) {
	for (const file of ["en/index.html", "en/codes.html", "en/mailbox-full.html", "en/ip-blocklisted.html", "de/index.html",
		"ja/recipient-unknown.html", "zh-CN/index.html"]) {
		await test(name + ": " + file + " is accessible and fits the width", options, async (page) => {
			await page.goto(disk + "/" + file);
			if (await page.$("#text")) {
				await search(page, "550 5.1.1 User unknown");
				await page.click("details summary >> nth=0");
			}
			await accessible(page);
			equal(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true, "width");
		});
	}
}

await test("entry pages are accessible", { javaScriptEnabled: true, locale: "en-US" }, async (page) => {
	await page.route("**/site.js", (route) => route.fulfill({ body: "", contentType: "text/javascript" }));
	await page.goto(served + "/mailbox-full/");
	await accessible(page);
});

await test("on paper: the text without controls", {}, async (page) => {
	await page.goto(disk + "/en/mailbox-full.html");
	await page.emulateMedia({ media: "print" });
	equal(await page.isVisible("nav"), false, "language switch");
	equal(await page.isVisible("h1"), true, "title");
});

await finish();
