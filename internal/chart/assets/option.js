// Finishes a chart option that came as JSON: puts in colours for "@token" and
// functions for {"$": name, …}. It runs in the browser and, in an interpreter,
// on the server; so it touches no DOM.
(function (root) {
  'use strict';

  const makers = {
    // Labels an axis at the given places only.
    ticks: (spec) => (value) => {
      const t = spec.ticks.find((t) => Math.abs(t.at - value) < 1e-9 * Math.max(1, Math.abs(value)));
      return t ? t.label : '';
    },
    // Shows the text that the datum brought along; it is plain text.
    tip: () => (params) => (Array.isArray(params) ? params : [params])
      .map((p) => p.data && p.data.tip).filter(Boolean).join('\n\n'),
    // An interval: a line with a bar at either end.
    whisker: (spec) => (params, api) => {
      const place = api.value(0), low = api.value(1), high = api.value(2);
      const at = (v) => api.coord(spec.lying ? [v, place] : [place, v]);
      const a = at(low), b = at(high), cap = 4;
      const line = (x1, y1, x2, y2) => ({
        type: 'line', shape: {x1, y1, x2, y2}, style: {stroke: spec.color, lineWidth: 1.5, fill: 'none'},
      });
      const end = (p) => spec.lying
        ? line(p[0], p[1] - cap, p[0], p[1] + cap)
        : line(p[0] - cap, p[1], p[0] + cap, p[1]);
      return {type: 'group', children: [line(a[0], a[1], b[0], b[1]), end(a), end(b)]};
    },
  };

  // A person's own words may begin with "@"; only known tokens are colours.
  function resolve(node, palette) {
    if (typeof node === 'string') {
      const token = node[0] === '@' && palette[node.slice(1)];
      return token || node;
    }
    if (Array.isArray(node)) return node.map((n) => resolve(n, palette));
    if (node === null || typeof node !== 'object') return node;
    const out = {};
    for (const key of Object.keys(node)) out[key] = resolve(node[key], palette);
    return out.$ && makers[out.$] ? makers[out.$](out) : out;
  }

  root.hanseiOption = resolve;
})(typeof globalThis === 'undefined' ? this : globalThis);
