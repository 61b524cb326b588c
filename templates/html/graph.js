"use strict";
// Data becomes text only: every text enters the page through textContent, never as markup.
(async () => {
  const SIZE = 26;
  const SHOWN = 100;
  const byId = (id) => document.getElementById(id);
  const grid = byId("grid");
  const data = await read(byId("data"));

  async function read(island) {
    if (island.type === "application/json") return JSON.parse(island.textContent);
    const bytes = Uint8Array.from(atob(island.textContent.trim()), (letter) => letter.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
  }

  // Make an element with a class, a text and children.
  function make(tag, kind, ...content) {
    const element = document.createElement(tag);
    if (kind) element.className = kind;
    for (const item of content) {
      if (item !== null && item !== undefined) element.append(item);
    }
    return element;
  }

  const plural = (count, one, many = one + "s") => count.toLocaleString("en") + " " + (count === 1 ? one : many);

  // --- What is shown -------------------------------------------------------------------------------------

  // Rows and columns are namespaces, or the ends that intents name within them.
  const views = {namespaces: data.groups, pods: everyEnd()};
  let view = data.groups.filter((group) => group.kind === "namespace").length < 3 ? "pods" : "namespaces";
  let groups = views[view];
  for (const flow of data.flows) {
    const said = (flow.warnings || []).map((number) => data.warnings[number].code);
    flow.text = [
      data.groups[flow.from].name, data.groups[flow.to].name, flow.source, flow.target, flow.ports, flow.via, flow.place, flow.statement,
      flow.because, flow.owner, flow.ticket, flow.until, ...said,
    ].filter(Boolean).join(" ").toLowerCase();
  }
  let cells = new Map();
  let rows = [];
  let columns = [];
  let active = {row: 0, column: 0};
  let chosen = null;
  const key = (from, to) => from * groups.length + to;
  const fromOf = (flow) => flow.ends[view][0];
  const toOf = (flow) => flow.ends[view][1];

  function everyEnd() {
    const found = new Map();
    for (const flow of data.flows) {
      found.set(flow.source, flow.from);
      found.set(flow.target, flow.to);
    }
    const sorted = [...found].sort((one, other) => one[1] - other[1] || (one[0] < other[0] ? -1 : 1));
    const numbers = new Map(sorted.map(([name], number) => [name, number]));
    for (const flow of data.flows) {
      flow.ends = {namespaces: [flow.from, flow.to], pods: [numbers.get(flow.source), numbers.get(flow.target)]};
    }
    return sorted.map(([name, group]) => ({name, kind: data.groups[group].kind}));
  }

  function select() {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const onlyNode = byId("only-node").checked;
    const onlyWide = byId("only-wide").checked;
    const marked = (flow) => (!onlyNode && !onlyWide) || (onlyNode && flow.node) || (onlyWide && flow.wide);
    const flows = data.flows.filter((flow) => marked(flow) && words.every((word) => flow.text.includes(word)));
    cells = new Map();
    for (const flow of flows) {
      const at = key(fromOf(flow), toOf(flow));
      const cell = cells.get(at) || {flows: [], node: false, wide: false};
      cell.flows.push(flow);
      cell.node ||= Boolean(flow.node);
      cell.wide ||= Boolean(flow.wide);
      cells.set(at, cell);
    }
    const everything = !words.length && !onlyNode && !onlyWide;
    const isAlwaysShown = (group) => everything && view === "namespaces" && groups[group].kind === "namespace";
    const from = new Set(flows.map(fromOf));
    const to = new Set(flows.map(toOf));
    const all = ordered(flows);
    rows = all.filter((group) => from.has(group) || isAlwaysShown(group));
    columns = all.filter((group) => to.has(group) || isAlwaysShown(group));
    active = {row: 0, column: 0};
    byId("found").textContent = everything ? "" : plural(flows.length, "flow") + " in " + plural(cells.size, "cell");
    byId("empty").hidden = flows.length > 0;
    byId("empty").textContent = data.flows.length ? "No flow matches." : "No intent allows anything.";
    grid.hidden = flows.length === 0;
    grid.scrollTo(0, 0);
    layOut();
  }

  function ordered(flows) {
    const every = groups.map((_, number) => number);
    const order = byId("order").value;
    if (order === "name") return every;
    const counts = every.map(() => 0);
    const pairs = flows.map((flow) => [fromOf(flow), toOf(flow)]);
    for (const [from, to] of pairs) {
      counts[from] += 1;
      counts[to] += 1;
    }
    if (order === "count") return every.sort((one, other) => counts[other] - counts[one] || one - other);
    // Label propagation: a group takes the label that most of its flows lead to, so that those who talk stand together.
    const weights = every.map(() => new Map());
    for (const [from, to] of pairs) {
      if (from === to) continue;
      weights[from].set(to, (weights[from].get(to) || 0) + 1);
      weights[to].set(from, (weights[to].get(from) || 0) + 1);
    }
    const labels = [...every];
    for (let round = 0; round < 12; round += 1) {
      for (const group of every) {
        const sums = new Map();
        for (const [other, weight] of weights[group]) sums.set(labels[other], (sums.get(labels[other]) || 0) + weight);
        let best = labels[group];
        for (const [label, sum] of sums) {
          const most = sums.get(best) || 0;
          if (sum > most || (sum === most && label < best)) best = label;
        }
        labels[group] = best;
      }
    }
    const sizes = new Map();
    for (const label of labels) sizes.set(label, (sizes.get(label) || 0) + 1);
    return every.sort((one, other) =>
      sizes.get(labels[other]) - sizes.get(labels[one]) || labels[one] - labels[other] || counts[other] - counts[one] || one - other);
  }

  // --- The matrix: only what is in view is in the document ----------------------------------------------

  const space = make("div", "space");
  const lines = make("div", "lines");
  const map = document.createElement("canvas");
  const frame = make("div", "view");
  grid.append(space);
  let left = 0;
  let top = 0;

  function layOut() {
    const longest = (of) => Math.max(6, ...of.map((group) => groups[group].name.length));
    const large = rows.length * SIZE > grid.clientHeight || columns.length * SIZE > grid.clientWidth;
    left = Math.max(Math.min(250, 28 + 7.4 * longest(rows)), large ? 172 : 110);
    top = Math.max(Math.min(190, 28 + 7.4 * longest(columns)), large ? 150 : 60);
    grid.setAttribute("aria-rowcount", rows.length + 1);
    grid.setAttribute("aria-colcount", columns.length + 1);
    space.style.width = left + columns.length * SIZE + 12 + "px";
    space.style.height = top + rows.length * SIZE + 12 + "px";
    drawMap(large);
    draw();
  }

  function place(element, x, y, width, height) {
    element.style.left = x + "px";
    element.style.top = y + "px";
    element.style.width = width + "px";
    element.style.height = height + "px";
    return element;
  }

  function draw() {
    const firstRow = Math.max(0, Math.floor(grid.scrollTop / SIZE) - 2);
    const lastRow = Math.min(rows.length, firstRow + Math.ceil((grid.clientHeight - top) / SIZE) + 5);
    const firstColumn = Math.max(0, Math.floor(grid.scrollLeft / SIZE) - 2);
    const lastColumn = Math.min(columns.length, firstColumn + Math.ceil((grid.clientWidth - left) / SIZE) + 5);
    const parts = [lines];
    const step = Number(map.dataset.step) / SIZE;
    if (!map.hidden) {
      const width = Math.min(grid.clientWidth - left, columns.length * SIZE) * step;
      const height = Math.min(grid.clientHeight - top, rows.length * SIZE) * step;
      place(frame, 8 + grid.scrollLeft * step, 8 + grid.scrollTop * step, width, height);
    }
    place(lines, left, top, columns.length * SIZE, rows.length * SIZE);
    lines.style.background =
      `repeating-linear-gradient(to right, transparent 0 ${SIZE - 1}px, var(--hair) ${SIZE - 1}px ${SIZE}px),` +
      `repeating-linear-gradient(to bottom, transparent 0 ${SIZE - 1}px, var(--hair) ${SIZE - 1}px ${SIZE}px)`;

    const head = place(make("div", "head"), 0, grid.scrollTop, left + columns.length * SIZE, top);
    head.setAttribute("role", "row");
    head.setAttribute("aria-rowindex", "1");
    const corner = make("div", "corner", map, frame, make("span", "", "targets →"), make("span", "", "sources ↓"));
    corner.style.width = left + "px";
    corner.style.height = top + "px";
    corner.setAttribute("role", "columnheader");
    corner.dataset.row = corner.dataset.column = -1;
    head.append(corner);
    const tops = place(make("div", "tops"), left, 0, columns.length * SIZE, top);
    for (let column = firstColumn; column < lastColumn; column += 1) {
      const group = groups[columns[column]];
      const name = place(make("div", "top " + group.kind, make("span", "", group.name)), column * SIZE, 0, SIZE, top);
      header(name, -1, column, "columnheader", group.name, "to");
      tops.append(name);
    }
    head.append(tops);
    parts.push(head);

    for (let row = firstRow; row < lastRow; row += 1) {
      const group = groups[rows[row]];
      const line = place(make("div", "row"), 0, top + row * SIZE, left + columns.length * SIZE, SIZE);
      line.setAttribute("role", "row");
      line.setAttribute("aria-rowindex", row + 2);
      const name = make("div", "name " + group.kind, make("span", "", group.name));
      name.style.width = left + "px";
      header(name, row, -1, "rowheader", group.name, "from");
      line.append(name);
      for (let column = firstColumn; column < lastColumn; column += 1) {
        const found = cells.get(key(rows[row], columns[column]));
        const isActive = active.row === row && active.column === column;
        if (found || isActive) line.append(cell(found, row, column));
      }
      parts.push(line);
    }
    space.replaceChildren(...parts);
    const current = byId("active");
    if (current) grid.setAttribute("aria-activedescendant", "active");
    else grid.removeAttribute("aria-activedescendant");
  }

  function header(element, row, column, role, name, word) {
    element.setAttribute("role", role);
    element.title = name;
    element.dataset.row = row;
    element.dataset.column = column;
    if (role === "columnheader") element.setAttribute("aria-colindex", column + 2);
    if (chosen && chosen.keys.has(word + " " + name)) element.classList.add("chosen");
    if (role === "columnheader" ? active.column === column : active.row === row) element.classList.add("at");
    mark(element, row, column);
  }

  function mark(element, row, column) {
    if (active.row !== row || active.column !== column) return;
    element.id = "active";
    element.classList.add("active");
  }

  function cell(found, row, column) {
    const element = place(make("div", "cell"), left + column * SIZE, 0, SIZE - 1, SIZE - 1);
    element.setAttribute("role", "gridcell");
    element.setAttribute("aria-colindex", column + 2);
    element.dataset.row = row;
    element.dataset.column = column;
    const names = groups[rows[row]].name + " to " + groups[columns[column]].name;
    let label = names + ": no flow";
    if (found) {
      const count = found.flows.length;
      const depth = Math.min(0.16 + 0.17 * Math.log2(count + 0.5), 0.92);
      element.style.backgroundColor = `rgba(var(--tint), ${depth.toFixed(2)})`;
      if (depth > 0.55) element.classList.add("strong");
      element.append(count > 99 ? "99+" : String(count));
      label = names + ": " + plural(count, "flow");
      if (found.node) element.append(make("i", "node"));
      if (found.wide) element.append(make("i", "wide"));
      if (found.node) label += ", with a node rule";
      if (found.wide) label += ", wide";
      element.title = label;
    }
    element.setAttribute("aria-label", label);
    mark(element, row, column);
    return element;
  }

  // A small map of everything, where the matrix is larger than the view.
  function drawMap(large) {
    map.hidden = frame.hidden = !large;
    if (!large) return;
    const room = Math.min(left - 24, top - 50);
    const scale = window.devicePixelRatio || 1;
    const step = room / Math.max(rows.length, columns.length);
    map.width = Math.max(1, Math.ceil(columns.length * step * scale));
    map.height = Math.max(1, Math.ceil(rows.length * step * scale));
    map.style.width = columns.length * step + "px";
    map.style.height = rows.length * step + "px";
    const paint = map.getContext("2d");
    const colors = getComputedStyle(document.documentElement);
    const dot = Math.max(step, 1.2) * scale;
    rows.forEach((from, row) => columns.forEach((to, column) => {
      const found = cells.get(key(from, to));
      if (!found) return;
      paint.fillStyle = colors.getPropertyValue(found.wide ? "--wide" : found.node ? "--node" : "--accent");
      paint.fillRect(column * step * scale, row * step * scale, dot, dot);
    }));
    map.dataset.step = step;
  }

  map.addEventListener("click", (event) => {
    event.stopPropagation();
    const step = Number(map.dataset.step);
    const box = map.getBoundingClientRect();
    grid.scrollLeft = ((event.clientX - box.left) / step) * SIZE - (grid.clientWidth - left) / 2;
    grid.scrollTop = ((event.clientY - box.top) / step) * SIZE - (grid.clientHeight - top) / 2;
  });

  // --- Moving and choosing -------------------------------------------------------------------------------

  function reveal() {
    const x = active.column * SIZE;
    const y = active.row * SIZE;
    if (active.column >= 0) {
      if (x < grid.scrollLeft) grid.scrollLeft = x;
      if (x + SIZE > grid.scrollLeft + grid.clientWidth - left) grid.scrollLeft = x + SIZE - grid.clientWidth + left;
    }
    if (active.row >= 0) {
      if (y < grid.scrollTop) grid.scrollTop = y;
      if (y + SIZE > grid.scrollTop + grid.clientHeight - top) grid.scrollTop = y + SIZE - grid.clientHeight + top;
    }
    draw();
  }

  // Move to the next cell in a direction, or with `far` to the next one that has a flow.
  function move(down, right, far) {
    let {row, column} = active;
    do {
      row += down;
      column += right;
    } while (
      far && row >= 0 && column >= 0 && row < rows.length && column < columns.length &&
      !cells.has(key(rows[row], columns[column]))
    );
    active.row = Math.min(Math.max(row, -1), rows.length - 1);
    active.column = Math.min(Math.max(column, -1), columns.length - 1);
    if (active.row < 0 && active.column < 0) active = down ? {row: -1, column: 0} : {row: 0, column: -1};
    reveal();
  }

  grid.addEventListener("keydown", (event) => {
    const far = event.ctrlKey || event.altKey || event.metaKey;
    const page = Math.max(1, Math.floor((grid.clientHeight - top) / SIZE) - 1);
    const moves = {
      ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-page, 0], PageDown: [page, 0],
    };
    if (event.key in moves) move(...moves[event.key], far && event.key.startsWith("Arrow"));
    else if (event.key === "Home") {
      active = {row: far ? 0 : active.row, column: 0};
      reveal();
    } else if (event.key === "End") {
      active = {row: far ? rows.length - 1 : active.row, column: columns.length - 1};
      reveal();
    } else if (event.key === "Enter" || event.key === " ") {
      choose(active.row, active.column);
      byId("detail").focus();
    } else if (event.key === "Escape") clear();
    else return;
    event.preventDefault();
  });

  grid.addEventListener("click", (event) => {
    let target = event.target.closest("[data-row]");
    let row;
    let column;
    if (target) {
      row = Number(target.dataset.row);
      column = Number(target.dataset.column);
    } else {
      const box = grid.getBoundingClientRect();
      column = Math.floor((event.clientX - box.left + grid.scrollLeft - left) / SIZE);
      row = Math.floor((event.clientY - box.top + grid.scrollTop - top) / SIZE);
      if (row < 0 || column < 0 || row >= rows.length || column >= columns.length) return;
    }
    if (row >= 0 || column >= 0) active = {row, column};
    choose(row, column);
  });

  byId("detail").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    grid.focus();
    event.preventDefault();
  });

  byId("search").addEventListener("keydown", (event) => {
    if (event.key === "Escape") clear();
    else if (event.key === "Enter" || event.key === "ArrowDown") {
      if (!cells.size) return;
      grid.focus();
      const row = rows.findIndex((from) => columns.some((to) => cells.has(key(from, to))));
      active = {row, column: columns.findIndex((to) => cells.has(key(rows[row], to)))};
      reveal();
      if (event.key === "Enter") choose(active.row, active.column);
    } else return;
    event.preventDefault();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target === byId("search")) return;
    byId("search").focus();
    event.preventDefault();
  });

  function clear() {
    if (!byId("search").value && !byId("only-node").checked && !byId("only-wide").checked) return;
    byId("search").value = "";
    byId("only-node").checked = byId("only-wide").checked = false;
    select();
  }

  // The names of the row and the column under the pointer stand out.
  grid.addEventListener("pointermove", (event) => {
    const box = grid.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left + grid.scrollLeft - left) / SIZE);
    const row = Math.floor((event.clientY - box.top + grid.scrollTop - top) / SIZE);
    for (const element of space.querySelectorAll(".name, .top")) {
      const own = element.classList.contains("top") ? Number(element.dataset.column) === column : Number(element.dataset.row) === row;
      element.classList.toggle("under", own);
    }
  });
  for (const id of ["search", "order", "only-node", "only-wide"]) byId(id).addEventListener("input", select);
  byId("by").addEventListener("input", () => {
    see(byId("by").value);
    select();
  });

  function see(name) {
    view = byId("by").value = name;
    groups = views[name];
    chosen = null;
  }
  grid.addEventListener("scroll", () => requestAnimationFrame(draw), {passive: true});
  window.addEventListener("resize", layOut);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", layOut);

  // --- What is said of a cell, a row or a column --------------------------------------------------------

  // A row and a column mean a cell; -1 for one of them means all of the other, -1 for both means everything.
  function choose(row, column) {
    const from = row >= 0 ? rows[row] : -1;
    const to = column >= 0 ? columns[column] : -1;
    const flows = [];
    if (from >= 0 && to >= 0) flows.push(...(cells.get(key(from, to)) || {flows: []}).flows);
    else {
      for (const found of cells.values()) {
        const [first] = found.flows;
        if ((from < 0 || fromOf(first) === from) && (to < 0 || toOf(first) === to)) flows.push(...found.flows);
      }
    }
    const names = [from >= 0 ? groups[from].name : "anybody", to >= 0 ? groups[to].name : "anybody"];
    chosen = {keys: new Set([from >= 0 ? "from " + names[0] : "", to >= 0 ? "to " + names[1] : ""])};
    show(from < 0 && to < 0 ? "Everything" : names.join(" → "), flows);
    try {
      const name = (group) => encodeURIComponent(group >= 0 ? groups[group].name : "");
      history.replaceState(null, "", "#" + name(from) + "/" + name(to));
    } catch (problem) {
      // A viewer that shows the page without an address has no history to write to.
    }
    draw();
  }

  function show(title, flows) {
    byId("about").textContent = title;
    const lead = flows.length ? plural(flows.length, "flow") : "No intent lets this through: it is denied where a policy isolates an end.";
    const list = byId("list");
    list.replaceChildren(make("p", "lead", lead));
    more(list, flows, 0);
    byId("detail").scrollTop = 0;
  }

  function more(list, flows, start) {
    const alone = flows.length <= 3;
    for (const flow of flows.slice(start, start + SHOWN)) list.append(card(flow, alone));
    if (flows.length <= start + SHOWN) return;
    const button = make("button", "", "Show " + Math.min(SHOWN, flows.length - start - SHOWN) + " more");
    button.type = "button";
    button.addEventListener("click", () => {
      button.remove();
      more(list, flows, start + SHOWN);
    });
    list.append(button);
  }

  function card(flow, open) {
    const element = make("article", "flow");
    const via = flow.via ? "  via " + flow.via : "";
    element.append(make("pre", "", `${flow.source} -> ${flow.target}:${flow.ports}${via}`), make("span", "place", flow.place || ""));
    if (flow.because) element.append(make("p", "because", "“" + flow.because + "”"));
    const facts = make("dl", "");
    for (const word of ["owner", "ticket", "until"]) {
      if (flow[word]) facts.append(make("dt", "", word), make("dd", "", flow[word]));
    }
    if (flow.statement) facts.append(make("dt", "", "as written"), statement(flow.statement));
    if (facts.childNodes.length) element.append(facts);
    for (const number of flow.warnings || []) element.append(warning(data.warnings[number]));
    const extras = flow.extras || [];
    if (extras.length) {
      element.append(make("h3", "", "Why a node rule"), ...extras.map((reason) => make("p", "reason", reason)));
    }
    const rules = make("ul", "rules");
    const places = new Map();
    for (const number of flow.rules || []) {
      const rule = data.rules[number];
      const name = rule.layer + " " + rule.name + " " + rule.file;
      if (!places.has(name)) places.set(name, {rule, found: []});
      if (rule.place) places.get(name).found.push(rule.place);
    }
    for (const {rule, found} of places.values()) {
      const where = make("span", "", rule.layer === "firewall" ? "google_compute_firewall." + rule.name : rule.name);
      where.append(...[...found, rule.file].map((line) => make("em", "", line)));
      rules.append(make("li", "", make("i", "", rule.layer), where));
    }
    element.append(make("h3", "", "Emitted rules"), rules.childNodes.length ? rules : make("span", "", "none of ours"));
    if (flow.walks !== undefined) element.append(journey(flow, data.walks[flow.walks], open));
    return element;
  }

  function statement(text) {
    return make("dd", "", make("pre", "", text));
  }

  function warning(item) {
    const element = make("div", item.code === "W305" ? "note node" : "note", make("b", "", item.code), " ", ...spoken(item.message));
    for (const line of item.help) element.append(make("p", "", ...spoken(line)));
    return element;
  }

  // What stands between backticks is code.
  const spoken = (text) => text.split("`").map((part, number) => (number % 2 ? make("code", "", part) : part));

  function journey(flow, walks, open) {
    const element = document.createElement("details");
    element.open = open;
    element.append(make("summary", "", "Packet walk: " + plural(walks.length, "way")));
    const fill = () => {
      if (element.open && element.childNodes.length === 1) element.append(...walks.map((walk) => way(flow, walk)));
    };
    element.addEventListener("toggle", fill);
    fill();
    return element;
  }

  function way(flow, walk) {
    const rowNumbers = walk.rows.length ? `row ${walk.rows.join(", ")} · ` : "";
    const element = make("div", "walk", make("h4", "", make("span", "", rowNumbers), walk.title));
    const table = document.createElement("table");
    table.append(hop(flow, "dials", walk.dials), ...walk.hops.map((item) => hop(flow, item.layer, item)));
    element.append(table);
    if (walk.note) element.append(make("p", "", walk.note));
    return element;
  }

  function hop(flow, layer, packet) {
    const port = packet.port === "pod" ? flow.ports.split(", ")[0] : packet.port === "service" ? "its own port" : packet.port;
    const side = ([name, address], end) => {
      const known = address || (["client", "server", flow.source, flow.target].includes(name) ? end : "");
      return [name, known && known !== name ? make("span", "", " " + known) : null];
    };
    const told = layer === "application" ? [make("span", "", "sees ")] : [];
    const cellOf = make("td", "", ...told, ...side(packet.source, flow.source), " → ", ...side(packet.target, flow.target), ":" + port);
    return make("tr", "", make("th", "", layer), cellOf);
  }

  // --- The start -----------------------------------------------------------------------------------------

  const namespaces = data.groups.filter((group) => group.kind === "namespace").length;
  const nodes = data.flows.filter((flow) => flow.node).length;
  const wide = data.flows.filter((flow) => flow.wide).length;
  byId("counts").textContent = [
    plural(namespaces, "namespace"), plural(data.flows.length, "flow"),
    nodes ? nodes.toLocaleString("en") + " with a node rule" : "", wide ? wide.toLocaleString("en") + " wide" : "",
  ].filter(Boolean).join(" · ");
  byId("by").value = view;
  byId("only-node").disabled = !nodes;
  byId("only-wide").disabled = !wide;
  select();

  const start = byId("list");
  start.append(make("p", "lead", "A cell is what the pods of its row may open to the pods of its column."));
  const keys = make("p", "keys");
  for (const [name, what] of [["/", "search"], ["Enter", "show a cell"], ["Ctrl + arrow", "next flow"], ["Esc", "back"]]) {
    keys.append(make("kbd", "", name), " " + what + "   ");
  }
  start.append(keys);
  if (data.beside.length) {
    start.append(make("h3", "", "Beside the intents, every isolated source may reach"));
    start.append(...[...new Set(data.beside.map((item) => item.reason))].map((reason) => make("p", "reason", ...spoken(reason))));
  }
  const [from, to] = location.hash.slice(1).split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch (problem) {
      return "";
    }
  });
  const isNamed = (name, among) => !name || among.some((group) => group.name === name);
  if ((from || to) && !(isNamed(from, groups) && isNamed(to, groups))) {
    see(view === "pods" ? "namespaces" : "pods");
    select();
  }
  const row = rows.findIndex((group) => groups[group].name === from);
  const column = columns.findIndex((group) => groups[group].name === to);
  if (row >= 0 || column >= 0) {
    active = {row, column};
    reveal();
    choose(row, column);
  }
  document.documentElement.dataset.ready = "yes";
})();
