// Which rule search.js selects for each text. Usage: select.js SITE <TEXTS (a JSON list) >RULES
const fs = require("fs");
const vm = require("vm");

const site = process.argv[2];
const context = vm.createContext({ unescape, encodeURIComponent });
for (const name of ["rules.js", "search.js"]) {
	vm.runInContext(fs.readFileSync(site + "/" + name, "utf8"), context);
}
const texts = JSON.parse(fs.readFileSync(0, "utf8"));
console.log(JSON.stringify(texts.map((text) => {
	const rule = context.explainSearch.select(text);
	return rule ? rule.rule : null;
})));
