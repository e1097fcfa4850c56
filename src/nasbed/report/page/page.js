// The page's own script: inflates the drawing library and the figures, and draws them in the colours of the theme.
"use strict";
(() => {
  const NARROW = 520; // pixels; below, names beside an axis are broken into short lines
  const SERIES = 10;
  const PRINTED = 240; // pixels of a figure on paper, of which a page has place for three
  const DASHES = ["", "7 3", "7 3 2 3", "2 3"];
  const MARKS = { // as Plotly draws them
    circle: "M19 5a4 4 0 1 1-8 0a4 4 0 1 1 8 0z",
    square: "M11 1h8v8h-8z",
    diamond: "M15 0l5 5l-5 5l-5-5z",
    cross: "M13.5 .5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
    "triangle-up": "M15 1l5 8h-10z",
    "triangle-down": "M15 9l5-8h-10z",
    dot: "M17 5a2 2 0 1 1-4 0a2 2 0 1 1 4 0z",
    box: "M5 2h20v6h-20z",
    star: "M15 0l1.2 3.6h3.8l-3.1 2.3l1.2 3.7l-3.1-2.3l-3.1 2.3l1.2-3.7l-3.1-2.3h3.8z",
  };
  const PAINTED = new Set(["color", "fillcolor", "bgcolor", "bordercolor", "colorscale"]);
  let printing = false;
  const drawn = []; // every figure: where it is, what it has, what is chosen

  async function inflate(id) {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  }

  // ── colours ────────────────────────────────────────────────────────────────────────────────────────────────

  function reader() {
    const probe = document.body.appendChild(document.createElement("span"));
    const known = new Map();
    const read = (name) => {
      if (!known.has(name)) {
        probe.style.color = `var(--${name})`;
        known.set(name, getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).join(", "));
      }
      return known.get(name);
    };
    const colour = (mark) => {
      const [name, opacity] = mark.slice(1).split("/");
      const variable = /^\d+$/.test(name) ? `series-${Number(name) % SERIES}` : name;
      return `rgba(${read(variable)}, ${opacity ?? 1})`;
    };
    return { colour, close: () => probe.remove() };
  }

  function painted(value, colour, inColour = false) {
    if (typeof value === "string") return inColour && value.startsWith("@") ? colour(value) : value;
    if (Array.isArray(value)) return inColour ? value.map((v) => painted(v, colour, true)) : value.map((v) => (typeof v === "object" ? painted(v, colour) : v));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, painted(v, colour, PAINTED.has(key))]));
  }

  // ── text ───────────────────────────────────────────────────────────────────────────────────────────────────

  const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

  // Of what is longer still, the end is kept: it is often all that tells two searches apart.
  function broken(text, width, lines = 8) {
    const words = text.split(/(?<=[\s,(:=_-])/).flatMap((word) => word.match(new RegExp(`.{1,${width}}`, "gsu")) ?? []);
    const rows = [""];
    for (const word of words) {
      if (rows.at(-1) && (rows.at(-1) + word.trimEnd()).length > width) rows.push("");
      rows[rows.length - 1] += word;
    }
    const kept = rows.length > lines ? [...rows.slice(0, lines - 2), "…", rows.at(-1)] : rows;
    return kept.map((row) => escaped(row.trimEnd())).join("<br>");
  }

  // ── figures ────────────────────────────────────────────────────────────────────────────────────────────────

  const named = (axis, width) => (axis?.names ? axis.ticktext.map((name) => broken(name, width < NARROW ? 16 : 30)) : []);

  // Names of several lines need rows as high as they are, or they would run into each other.
  function heightOf(given, names) {
    const lines = Math.max(0, ...names.map((name) => name.split("<br>").length));
    return Math.max(printing ? Math.min(given.height, PRINTED) : given.height, 90 + names.length * (lines * 16 + 8));
  }

  function axis(given, logarithmic, width, colour) {
    const { title, names, ...rest } = given ?? {};
    if (names) rest.ticktext = named(given, width);
    return {
      automargin: true,
      gridcolor: colour("@grid"),
      linecolor: colour("@faint"),
      tickcolor: colour("@faint"),
      zeroline: false,
      ...rest,
      ...(title === undefined ? {} : { title: { text: escaped(title), standoff: 10 } }),
      ...(logarithmic ? { type: "log", minorloglabels: "complete" } : {}),
    };
  }

  // What is not above zero has no place on a logarithmic axis: it is drawn at half the least that has one.
  function raised(data, letter) {
    const lines = data.filter((trace) => trace.hoverinfo !== "skip");
    const positive = lines.flatMap((trace) => trace[letter] ?? []).filter((v) => v > 0);
    const floor = 0.5 * positive.reduce((a, b) => Math.min(a, b), Infinity);
    return data.map((trace) => (Array.isArray(trace[letter]) ? { ...trace, [letter]: trace[letter].map((v) => (v !== null && v <= 0 ? floor : v)) } : trace));
  }

  function draw(figure) {
    const { colour, close } = reader();
    const view = figure.given.views[figure.chosen.join("|")];
    const width = figure.place.clientWidth;
    let data = view.data.filter((trace) => !figure.hidden.has(trace.legendgroup));
    for (const letter of ["x", "y"]) if (figure.logarithmic[letter]) data = raised(data, letter);
    const layout = painted(view.layout, colour);
    const ink = colour("@ink");
    const height = heightOf(figure.given, named(layout.yaxis, width));
    figure.place.style.height = `${height}px`;
    const finished = {
      ...layout,
      autosize: true,
      height,
      showlegend: false,
      margin: { l: 10, r: 14, t: 30, b: 10, ...layout.margin },
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: ink },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      hoverlabel: { bgcolor: colour("@ground"), bordercolor: colour("@faint"), font: { color: ink } },
      hovermode: layout.hovermode ?? "closest",
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
      modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("@faint"), activecolor: ink },
      xaxis: axis(layout.xaxis, figure.logarithmic.x, width, colour),
      yaxis: axis(layout.yaxis, figure.logarithmic.y, width, colour),
    };
    const traces = data.map((trace) => painted(trace, colour));
    close();
    return Plotly.react(figure.place, traces, finished, {
      displaylogo: false,
      responsive: true,
      modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]], // none that would send anything
      toImageButtonOptions: { format: "svg", filename: figure.name },
    });
  }

  function element(tag, attributes = {}, text = "") {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    return made;
  }

  function controls(figure, bar) {
    figure.given.switches.forEach((choice, i) => {
      const label = bar.appendChild(element("label", {}, choice.label));
      const select = label.appendChild(element("select"));
      for (const [word, text] of Object.entries(choice.options)) select.append(element("option", { value: word }, text));
      select.value = figure.chosen[i];
      select.disabled = select.options.length < 2;
      select.addEventListener("change", () => {
        figure.chosen[i] = select.value;
        draw(figure);
      });
    });
    for (const letter of Object.keys(figure.logarithmic)) {
      const label = bar.appendChild(element("label"));
      const box = label.appendChild(element("input", { type: "checkbox" }));
      label.append(`log ${letter}`);
      box.checked = figure.logarithmic[letter];
      box.addEventListener("change", () => {
        figure.logarithmic[letter] = box.checked;
        draw(figure);
      });
    }
  }

  function canvas() {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [name, value] of Object.entries({ width: 30, height: 10, "aria-hidden": true })) svg.setAttribute(name, value);
    return svg;
  }

  function shape(symbol, fill) {
    const svg = canvas();
    const mark = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path"));
    mark.setAttribute("d", MARKS[symbol]);
    mark.style.fill = fill;
    return svg;
  }

  function sample(number, marks) {
    if (number >= 0 && marks.length) return shape(marks[number % marks.length], `var(--series-${number % SERIES})`);
    const svg = canvas();
    const line = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "line"));
    const stroke = number < 0 ? "var(--ink)" : `var(--series-${number % SERIES})`;
    const dashes = number < 0 ? "5 3" : DASHES[number % DASHES.length];
    for (const [name, value] of Object.entries({ x1: 1, x2: 29, y1: 5, y2: 5, "stroke-width": number < 0 ? 1.2 : 2.5, "stroke-dasharray": dashes })) line.setAttribute(name, value);
    line.style.stroke = stroke;
    return svg;
  }

  function legend(figure, bar) {
    for (const [symbol, words] of figure.given.key) {
      const entry = bar.appendChild(element("span", { class: "key" }));
      entry.append(shape(symbol, "var(--soft)"), element("span", {}, words));
    }
    for (const [label, number] of figure.given.legend) {
      const button = bar.appendChild(element("button", { type: "button", "aria-pressed": "true" }));
      button.append(sample(number, figure.given.marks), element("span", {}, label));
      button.addEventListener("click", () => {
        const group = String(number);
        figure.hidden.has(group) ? figure.hidden.delete(group) : figure.hidden.add(group);
        button.setAttribute("aria-pressed", String(!figure.hidden.has(group)));
        draw(figure);
      });
    }
  }

  // ── the page ───────────────────────────────────────────────────────────────────────────────────────────────

  const breath = () => new Promise((resolve) => setTimeout(resolve));

  async function drawAll() {
    for (const figure of drawn) await draw(figure);
  }

  function themes() {
    const button = document.getElementById("theme"), root = document.documentElement;
    const order = ["system", "light", "dark"];
    button.hidden = false;
    button.addEventListener("click", () => {
      const next = order[(order.indexOf(root.dataset.theme ?? "system") + 1) % order.length];
      if (next === "system") delete root.dataset.theme;
      else root.dataset.theme = next;
      button.textContent = `colours: ${next}`;
      drawAll();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
    let before, folded = [];
    addEventListener("beforeprint", () => {
      before = root.dataset.theme;
      folded = [...document.querySelectorAll("main details:not([open])")].filter((box) => box.querySelector("table"));
      for (const box of folded) box.open = true;
      root.dataset.theme = "light";
      printing = true;
      drawAll();
    });
    addEventListener("afterprint", () => {
      if (before === undefined) delete root.dataset.theme;
      else root.dataset.theme = before;
      for (const box of folded) box.open = false;
      printing = false;
      drawAll();
    });
    let narrow = innerWidth < NARROW;
    addEventListener("resize", () => {
      if (narrow !== innerWidth < NARROW) drawAll();
      narrow = innerWidth < NARROW;
    });
  }

  async function open() {
    if (!("DecompressionStream" in window)) throw new Error("this browser is from before 2023 and cannot inflate the figures");
    const code = document.createElement("script");
    code.textContent = await inflate("library");
    document.head.append(code);
    const figures = JSON.parse(await inflate("figures"));
    for (const box of document.querySelectorAll("figure[data-figure]")) {
      const name = box.dataset.figure, given = figures[name];
      const figure = { name, given, place: box.querySelector(".plot"), chosen: Object.keys(given.views)[0].split("|"), logarithmic: { ...given.logarithmic }, hidden: new Set() };
      controls(figure, box.querySelector(".controls"));
      legend(figure, box.querySelector(".legend"));
      drawn.push(figure);
      await draw(figure);
      await breath();
    }
    themes();
  }

  open().then(
    () => (document.documentElement.dataset.state = "ready"),
    (error) => {
      const trouble = document.getElementById("trouble");
      trouble.textContent = `The figures could not be drawn: ${error.message}. Tables and drawings are all here.`;
      trouble.hidden = false;
      document.documentElement.dataset.state = "failed";
    },
  );
})();
