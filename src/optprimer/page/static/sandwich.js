// Figure 2: all heights come from the table. A parabola of the share s of the curvature lies at tangent + s (parabola - tangent).
live('figure2', (box, {w, loss, bases, beta, tolerance}) => {
  const [base, share] = box.querySelectorAll('input'), told = box.querySelector('.told'), svg = box.querySelector('svg');
  const draw = chart(svg, {x: {label: 'weight w', range: [w[0], w.at(-1)], format: value => shown(value, 1)},
    y: {label: 'loss', range: [-1.3, 4.2], format: value => shown(value, 0)}});
  const read = x => {
    const i = Math.min(w.length - 2, Math.max(0, w.findLastIndex(each => each <= x)));
    return loss[i] + (loss[i + 1] - loss[i]) * (x - w[i]) / (w[i + 1] - w[i]);
  };
  const curve = heights => heights.map((each, i) => [w[i], each]);

  function move() {
    const {u, lower, upper} = bases[base.value], s = share.value / 100;
    const parabola = lower.map((each, i) => each + s * (upper[i] - each));
    const slope = (lower.at(-1) - lower[0]) / (w.at(-1) - w[0]);
    const step = u - slope / (s * beta), height = read(u) - slope * slope / (2 * s * beta);
    const over = loss.map((each, i) => each > parabola[i] + tolerance);
    const broken = over.filter(Boolean).length, inside = w[0] <= step && step <= w.at(-1);
    draw([
      {kind: 'area', as: 'between', points: [...curve(parabola), ...curve(lower).reverse()]},
      {kind: 'line', as: 'second dashed', points: curve(parabola)},
      {kind: 'line', as: 'first dotted', points: curve(lower)},
      {kind: 'line', as: 'ink', points: curve(loss)},
      {kind: 'line', as: 'wrong', points: curve(loss.map((each, i) => over[i] ? each : null))},
      {kind: 'dots', as: 'ink', points: [[u, read(u)]]},
      ...(inside ? [{kind: 'line', as: 'faint', points: [[step, height], [step, read(step)]]},
        {kind: 'dots', as: 'second', points: [[step, height]]}, {kind: 'dots', as: 'hollow', points: [[step, read(step)]]}] : []),
    ]);
    tell(base, `u = ${shown(u, 3)}`);
    tell(share, `${shown(s)} β`);
    told.textContent = (broken
      ? `The loss is above the parabola at ${broken} of ${w.length} points: no bound with this curvature.`
      : `The loss is between tangent and parabola at all ${w.length} points.`)
      + (inside ? ` The lowest point of the parabola, a gradient step from u, is at w = ${shown(step)}: the parabola has ${shown(height)} there,`
        + ` the loss ${shown(read(step))}.` : '');
  }

  steered([base, share], move);
  // Dragging anywhere on the plot moves the base point to the nearest one that was measured.
  const follow = event => {
    const inverse = svg.getScreenCTM().inverse(), at = new DOMPoint(event.clientX, event.clientY).matrixTransform(inverse);
    const x = w[0] + (w.at(-1) - w[0]) * (at.x - draw.left) / (draw.right - draw.left);
    const distance = bases.map(each => Math.abs(each.u - x));
    base.value = distance.indexOf(Math.min(...distance));
    move();
  };
  svg.addEventListener('pointerdown', event => { svg.setPointerCapture(event.pointerId); follow(event); });
  svg.addEventListener('pointermove', event => { if (svg.hasPointerCapture(event.pointerId)) follow(event); });
  box.querySelector('button').addEventListener('click', () => { share.value = 100; move(); });
});
