// Answers one request per line on standard input, each with one line on standard output.
// Request: {"do": NAME, ...}. Answer: {"seen": ...} with what the browser noticed meanwhile, or {"error": ...}.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

// The packages live outside the tree, in the directory that ./dev runs this process in.
const require = createRequire(process.cwd() + "/");
const { chromium } = require("playwright-core");
const { instance } = require("@viz-js/viz");

const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});

const cell = (page, name) => page.locator(`[role=gridcell][aria-label^="${name}:"]`);
const text = (page, selector) => page.locator(selector).allInnerTexts();
const active = (page) => page.locator("#active").getAttribute("aria-label");
const focus = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.tagName);
const labels = (page) => page.locator("[role=gridcell]").evaluateAll((cells) => cells.map((one) => one.getAttribute("aria-label")));

async function detail(page) {
  return {
    title: await page.locator("#about").innerText(),
    lead: (await text(page, "#list .lead"))[0],
    flows: await text(page, ".flow > pre"),
    places: await text(page, ".flow > .place"),
    because: await text(page, ".because"),
    facts: await text(page, ".flow dl"),
    notes: await text(page, ".note"),
    rules: await text(page, ".rules li"),
    walks: await text(page, ".walk"),
    heading: await text(page, "summary"),
  };
}

const scenarios = {
  async start(page) {
    return {
      title: await page.title(),
      counts: await page.locator("#counts").innerText(),
      rows: await text(page, "[role=rowheader]"),
      columns: await text(page, "[role=columnheader]"),
      cells: await labels(page),
      beside: await text(page, ".reason"),
      empty: await page.locator("#empty").innerText(),
      roles: await page.evaluate(() => ({
        grid: document.querySelectorAll("[role=grid]").length,
        rows: Number(document.querySelector("[role=grid]").getAttribute("aria-rowcount")),
        columns: Number(document.querySelector("[role=grid]").getAttribute("aria-colcount")),
        strays: [...document.querySelectorAll("[role=gridcell], [role=rowheader]")].filter((one) => !one.closest("[role=row]")).length,
        unnamed: [...document.querySelectorAll("[role=gridcell]")].filter((one) => !one.getAttribute("aria-label")).length,
      })),
      ids: await page.evaluate(() => {
        const all = [...document.querySelectorAll("[id]")].map((one) => one.id);
        return all.length - new Set(all).size;
      }),
    };
  },
  async click(page, { cells }) {
    const found = [];
    for (const name of cells) {
      await cell(page, name).click();
      found.push(await detail(page));
    }
    return { found, hash: await page.evaluate(() => location.hash), chosen: await text(page, ".chosen") };
  },
  async header(page, { row, column }) {
    await page.locator("[role=rowheader]", { hasText: row }).first().click();
    const from = await detail(page);
    await page.locator("[role=columnheader]", { hasText: column }).first().click();
    const to = await detail(page);
    await page.locator(".corner").click({ position: { x: 100, y: 50 } });
    return { from, to, all: await detail(page) };
  },
  async keyboard(page, { keys }) {
    const path = [];
    for (let press = 0; press < 10 && (await focus(page)) !== "grid"; press += 1) {
      await page.keyboard.press("Tab");
      path.push(await focus(page));
    }
    const seen = [];
    for (const key of keys) {
      await page.keyboard.press(key);
      const here = await page.evaluate(() => document.querySelector("#grid").getAttribute("aria-activedescendant"));
      seen.push([key, here ? (await active(page)) || (await page.locator("#active").innerText()) : null, await focus(page)]);
    }
    const ring = await page.evaluate(() => {
      document.querySelector("#grid").focus();
      const style = getComputedStyle(document.querySelector("#active"));
      return [style.outlineStyle, parseFloat(style.outlineWidth)];
    });
    return { path, seen, title: await page.locator("#about").innerText(), ring };
  },
  async search(page, { words }) {
    await page.keyboard.press("/");
    await page.keyboard.type(words);
    const found = await page.locator("#found").innerText();
    const cells = await labels(page);
    const empty = await page.locator("#empty").isVisible();
    await page.keyboard.press("Enter");
    const title = await page.locator("#about").innerText();
    const where = await focus(page);
    await page.keyboard.press("Escape");
    return { found, cells, empty, title, where, after: await page.locator("#search").inputValue() };
  },
  async marks(page) {
    const seen = {};
    for (const id of ["only-node", "only-wide"]) {
      await page.locator("#" + id).check();
      seen[id] = [await page.locator("#found").innerText(), await labels(page)];
      await page.locator("#" + id).uncheck();
    }
    await page.locator("#by").selectOption("pods");
    seen.pods = [await text(page, "[role=rowheader]"), (await text(page, "[role=columnheader]")).slice(1)];
    await page.locator("#by").selectOption("namespaces");
    for (const order of ["name", "count", "near"]) {
      await page.locator("#order").selectOption(order);
      seen[order] = await text(page, "[role=rowheader]");
    }
    return seen;
  },
  async colors(page) {
    await page.locator("[role=gridcell]").last().click();
    return page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      const channels = (name) => style.getPropertyValue(name).trim().match(/[0-9a-f]{2}/g).map((part) => parseInt(part, 16) / 255);
      const light = (name) => {
        const [red, green, blue] = channels(name).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
      };
      const contrast = (one, other) => {
        const [bright, dark] = [light(one), light(other)].sort((a, b) => b - a);
        return (bright + 0.05) / (dark + 0.05);
      };
      const found = {};
      for (const ink of ["--ink", "--soft", "--accent", "--focus"]) {
        for (const paper of ["--page", "--card"]) found[`${ink} on ${paper}`] = contrast(ink, paper);
      }
      for (const sign of ["--node", "--wide"]) found[`${sign} on --card`] = contrast(sign, "--card");
      return { found, page: getComputedStyle(document.body).backgroundColor };
    });
  },
  async large(page) {
    const nodes = () => page.evaluate(() => document.querySelectorAll("*").length);
    const first = [await nodes(), (await text(page, "[role=rowheader]"))[0]];
    await page.focus("#grid");
    await page.keyboard.press("Control+End");
    await page.waitForTimeout(50);
    const last = [await nodes(), (await text(page, "[role=rowheader]")).at(-1), await active(page)];
    await page.keyboard.press("Control+Home");
    const map = await page.locator("canvas").boundingBox();
    await page.mouse.click(map.x + map.width / 2, map.y + map.height / 2);
    await page.waitForTimeout(50);
    const middle = await page.evaluate(() => [document.querySelector("#grid").scrollTop, document.querySelector("#grid").scrollHeight]);
    const start = performance.now();
    await page.locator("#order").selectOption("near");
    const took = performance.now() - start;
    return { first, last, middle, took };
  },
  async hostile(page, { words }) {
    await page.keyboard.press("/");
    await page.keyboard.type(words);
    await page.keyboard.press("Enter");
    const seen = await detail(page);
    const elements = await page.evaluate(() => ({
      kinds: [...new Set([...document.querySelectorAll("body *")].map((one) => one.tagName.toLowerCase()))].sort(),
      handlers: [...document.querySelectorAll("*")].filter((one) => [...one.attributes].some((own) => own.name.startsWith("on"))).length,
      scripts: document.scripts.length,
      ran: window.ran || false,
    }));
    return { seen, elements };
  },
  // What the policy of the page forbids is in fact forbidden: otherwise "no violation" would say nothing.
  async forbidden(page) {
    return page.evaluate(async () => {
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);
      const element = document.createElement("p");
      element.setAttribute("style", "color: red");
      document.body.append(element);
      const fetched = await fetch("data:text/plain,x").then(() => true, () => false);
      return { ran: window.ran || false, fetched };
    });
  },
};

async function open({ file, scheme, hash, width, scenario, screenshot, patience, ...rest }) {
  const page = await browser.newPage({
    viewport: { width: width || 1280, height: 800 }, colorScheme: scheme || "light", offline: true,
  });
  const said = [];
  const requests = [];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (problem) => said.push(`error: ${problem.message}`));
  page.on("request", (request) => requests.push(request.url().slice(0, 200)));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
  });
  try {
    const start = performance.now();
    await page.goto("file://" + file + (hash || ""));
    await page.waitForSelector("html[data-ready]", { timeout: patience || 10000 });
    const ready = performance.now() - start;
    page.setDefaultTimeout(5000);
    const seen = await scenarios[scenario](page, rest);
    if (screenshot) await page.screenshot({ path: screenshot });
    return { seen, said, requests, ready, violations: await page.evaluate(() => window.violations) };
  } finally {
    await page.close();
  }
}

// Mermaid draws in a page, since its parser of flowcharts asks for one.
let drawing;
async function mermaid({ text }) {
  if (!drawing) {
    drawing = await browser.newPage();
    await drawing.addScriptTag({ path: require.resolve("mermaid/dist/mermaid.min.js") });
    await drawing.evaluate(() => window.mermaid.initialize({ startOnLoad: false, securityLevel: "strict" }));
  }
  return drawing.evaluate(async (source) => {
    const { svg } = await window.mermaid.render("drawn", source);
    const found = new DOMParser().parseFromString(svg, "text/html");
    const texts = (selector) => [...found.querySelectorAll(selector)].map((one) => one.textContent.trim());
    return {
      seen: {
        boxes: texts(".cluster-label"),
        nodes: texts(".node .nodeLabel"),
        edges: texts(".edgeLabel .label"),
        arrows: found.querySelectorAll("path.flowchart-link").length,
        actors: texts("rect.actor-top ~ text.actor"),
        messages: texts(".messageText"),
        crossed: found.querySelectorAll("[marker-end*=crosshead]").length,
        notes: texts(".noteText"),
        loops: texts(".loopText"),
        markup: found.querySelectorAll("script, img, a, iframe").length,
      },
    };
  }, text);
}

const viz = await instance();
function dot({ text }) {
  const done = viz.render(text, { format: "json" });
  if (done.status !== "success") return { error: done.errors.map((problem) => problem.message).join("; ") };
  const graph = JSON.parse(done.output);
  const objects = graph.objects || [];
  return {
    seen: {
      name: graph.name,
      boxes: objects.filter((one) => one.nodes).map((one) => one.label),
      nodes: objects.filter((one) => !one.nodes).map((one) => one.label),
      edges: (graph.edges || []).map((one) => [objects[one.tail].label, one.label, objects[one.head].label, one.tooltip, one.style || ""]),
    },
  };
}

const work = { open, mermaid, dot };
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  try {
    answer = await work[request.do](request);
  } catch (problem) {
    answer = { error: String(problem.message || problem) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();
process.exit(0);
