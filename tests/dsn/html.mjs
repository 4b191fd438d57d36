// Looks at the HTML part of explained bounces as a mail program without scripts of its own would show it.
//
// Usage: html.mjs MODULES CASES [SHOTS]
//   MODULES  node_modules with playwright-core and axe-core
//   CASES    JSON: [{name, file, lines: [each line that must be seen, in order], links: [...]}, ...]
//   SHOTS    a directory for pictures
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import path from "node:path";
import { start } from "../pages/harness.mjs";

const [modules, casesFile, shots] = process.argv.slice(2);
const { test, equal, accessible, finish } = await start(modules);

const ELEMENTS = ["a", "b", "body", "br", "details", "div", "h1", "h2", "head", "html", "meta", "p", "span", "summary",
	"table", "tbody", "td", "title", "tr"];
const ATTRIBUTES = ["bgcolor", "border", "cellpadding", "cellspacing", "charset", "content", "dir", "href", "lang",
	"name", "open", "role", "style", "width"];
/* A mail stands in the page of another program, which has the landmarks. */
const MAIL = { "region": { enabled: false }, "landmark-one-main": { enabled: false } };

async function openByKeyboard(page) {
	const count = await page.$$eval("details", (all) => all.length);
	for (let stops = 0; await page.$$eval("details[open]", (all) => all.length) < count; stops++) {
		if (stops > 2 * count + 2) {
			throw new Error("the details can't be reached by keyboard");
		}
		await page.keyboard.press("Tab");
		if (await page.evaluate(() => document.activeElement.tagName === "SUMMARY")) {
			await page.keyboard.press("Enter");
		}
	}
}

for (const { name, file, lines, links } of JSON.parse(readFileSync(casesFile, "utf8"))) {
	for (const width of [360, 900]) {
		const title = name + " at " + width + " px";
		await test(title, { viewport: { width, height: 740 }, colorScheme: "light" }, async (page, requests) => {
			const url = pathToFileURL(file).href;
			await page.goto(url);
			equal(await page.$$eval("details[open]", (all) => all.length), 0, "open details");
			await openByKeyboard(page);
			const seen = await page.evaluate(() => document.body.innerText);
			equal(seen.split("\n").map((line) => line.replace(/\s+/g, " ").trim()).filter(Boolean), lines, "text");
			const [elements, attributes] = await page.evaluate(() => {
				const all = [...document.querySelectorAll("*")];
				return [all.map((one) => one.localName), all.flatMap((one) => one.getAttributeNames())]
					.map((names) => [...new Set(names)].sort());
			});
			equal(elements.filter((one) => !ELEMENTS.includes(one)), [], "elements");
			equal(attributes.filter((one) => !ATTRIBUTES.includes(one)), [], "attributes");
			equal(await page.$$eval("a", (all) => all.map((one) => one.getAttribute("href"))), links, "links");
			for (const colorScheme of ["light", "dark"]) {
				await page.emulateMedia({ colorScheme });
				if (shots) {
					await page.screenshot({ path: path.join(shots, title + ", " + colorScheme + ".png"), fullPage: true });
				}
				equal(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true, "width");
				/* Slow, and the page has the same colours in both. */
				if ((width === 360) === (colorScheme === "light")) {
					await accessible(page, MAIL);
				}
			}
			equal(requests, [url], "requests");
		});
	}
}
await finish();
