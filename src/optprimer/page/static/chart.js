// A line chart as SVG, whose colours come from the style sheet and follow it into the dark.

/**
 * Prepare the first svg within `box` and return a function that draws marks, each time anew.
 * Axes: {label, range: [low, high], log, format}. Marks: {kind: 'line' | 'area' | 'dots' | 'rule' | 'text', points: [[x, y], ...], as: class}.
 */
function chart(svg, {x, y}) {
  const [width, height, left, right, top, bottom] = [380, 270, 62, 12, 10, 42];
  const make = (name, attributes, text) => {
    const element = document.createElementNS(svg.namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const place = ({range: [low, high], log}, from, to) => {
    const scaled = log ? Math.log : Number;
    return value => from + (to - from) * (scaled(value) - scaled(low)) / (scaled(high) - scaled(low));
  };
  const across = place(x, left, width - right), up = place(y, height - bottom, top);
  const clip = `${svg.id}-clip`;
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const definition = make('clipPath', {id: clip});
  definition.append(make('rect', {x: left, y: top, width: width - left - right, height: height - top - bottom}));
  const axes = make('g', {class: 'axes'}), marks = make('g', {}), words = make('g', {class: 'words'});
  svg.replaceChildren(definition, axes, marks, words);

  axes.append(make('path', {d: `M${left} ${top}V${height - bottom}H${width - right}`}));
  for (const at of ticks(x)) {
    axes.append(make('path', {d: `M${across(at)} ${height - bottom}v4`}));
    axes.append(make('text', {x: across(at), y: height - bottom + 17, 'text-anchor': 'middle'}, (x.format || String)(at)));
  }
  for (const at of ticks(y)) {
    axes.append(make('path', {d: `M${left - 4} ${up(at)}h4`}), make('path', {class: 'grid', d: `M${left} ${up(at)}H${width - right}`}));
    axes.append(make('text', {x: left - 7, y: up(at) + 4, 'text-anchor': 'end'}, (y.format || String)(at)));
  }
  axes.append(make('text', {x: (left + width - right) / 2, y: height - 5, 'text-anchor': 'middle'}, x.label));
  axes.append(make('text', {transform: `translate(13 ${(top + height - bottom) / 2}) rotate(-90)`, 'text-anchor': 'middle'}, y.label));

  const bounded = value => Math.min(1e4, Math.max(-1e4, value)); // far away is as good as infinite, and a legal coordinate
  const seen = ([, value]) => value !== null && Number.isFinite(value) && !(y.log && value <= 0);
  const at = ([a, b]) => `${across(a).toFixed(2)} ${bounded(up(b)).toFixed(2)}`;
  const path = points => points.map((point, i) => (seen(point) ? (i && seen(points[i - 1]) ? 'L' : 'M') + at(point) : '')).join('');

  const draw = drawn => {
    marks.replaceChildren();
    words.replaceChildren();
    for (const {kind, points, as, text, anchor = 'start', offset = [0, 0]} of drawn) {
      if (kind === 'text') {
        if (points.every(seen)) {
          const [[a, b]] = points;
          words.append(make('text', {x: across(a) + offset[0], y: bounded(up(b)) + offset[1], class: as, 'text-anchor': anchor}, text));
        }
      } else if (kind === 'dots') {
        for (const point of points.filter(seen)) {
          const [cx, cy] = at(point).split(' ');
          marks.append(make('circle', {cx, cy, r: 4.5, class: as, 'clip-path': `url(#${clip})`}));
        }
      } else if (kind === 'rule') {
        const [[a, b]] = points;
        const d = b === undefined ? `M${across(a)} ${top}V${height - bottom}` : `M${left} ${up(b)}H${width - right}`;
        marks.append(make('path', {d, class: as}));
      } else {
        marks.append(make('path', {d: path(points) + (kind === 'area' ? 'Z' : ''), class: as, 'clip-path': `url(#${clip})`}));
      }
    }
  };
  return Object.assign(draw, {left, right: width - right}); // of the plot, in the units of the drawing
}

/** Round values within the range of an axis: powers of ten, or steps of 1, 2 or 5. */
function ticks({range: [low, high], log}) {
  if (log) {
    const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9), step = Math.ceil((last - first) / 6) || 1;
    return Array.from({length: Math.floor((last - first) / step) + 1}, (_, i) => 10 ** (first + i * step));
  }
  const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find(each => each * power >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({length: last - first + 1}, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
