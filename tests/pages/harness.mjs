// Chromium for a test: what a page says on the console fails it, and so does what axe-core finds.
//
// A script prints `ok NAME` or `not ok NAME: why` for each test, and exits with 1 if one failed.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";

export function equal(got, wanted, what) {
	if (JSON.stringify(got) !== JSON.stringify(wanted)) {
		throw new Error(what + ": " + JSON.stringify(got) + " instead of " + JSON.stringify(wanted));
	}
}

// MODULES is a node_modules with playwright-core and axe-core.
export async function start(modules) {
	const require = createRequire(path.resolve(modules) + "/");
	const { chromium } = require("playwright-core");
	const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
	const browser = await chromium.launch({
		executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
		timeout: 60000,
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
			"--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
	});
	let failed = 0;

	async function test(name, options, run) {
		const context = await browser.newContext({ viewport: { width: 900, height: 900 }, locale: "en-US", ...options });
		const page = await context.newPage();
		const noise = [];
		const requests = [];
		page.on("console", (message) => noise.push(message.type() + ": " + message.text()));
		page.on("pageerror", (error) => noise.push(String(error)));
		page.on("request", (request) => requests.push(request.url()));
		try {
			await run(page, requests);
			if (noise.length) {
				throw new Error("the console is not silent: " + noise.join("; "));
			}
			console.log("ok " + name);
		} catch (error) {
			failed++;
			console.log("not ok " + name + ": " + String(error.message || error).replace(/\s+/g, " ").slice(0, 600));
		}
		await context.close();
	}

	async function accessible(page, rules = {}) {
		await page.evaluate(axe);
		/* From the disk it can't fetch the style sheet a second time, and needs not: the page has it. */
		const result = await page.evaluate((rules) => window.axe.run(document, {
			preload: false,
			rules,
			runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
		}), rules);
		equal(result.violations.map((one) => one.id + " " + one.nodes[0].html), [], "axe-core");
	}

	async function finish() {
		await browser.close();
		process.exit(failed ? 1 : 0);
	}

	return { test, equal, accessible, finish };
}
