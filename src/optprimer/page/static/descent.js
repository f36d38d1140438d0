// The descent lemma: gradient descent on losses of one weight with beta = 1, and what the lemma promises of every step.
const LOSSES = {
  quadratic_1d: {loss: w => w * w / 2, slope: w => w},
  pseudo_huber: {loss: w => Math.sqrt(1 + w * w) - 1, slope: w => w / Math.sqrt(1 + w * w)}, // less its least value
};

live('descent', (box, {after, losses}) => {
  const select = box.querySelector('select'), slider = box.querySelector('input'), told = box.querySelector('.told');
  const [left, right] = box.querySelectorAll('svg'), STEPS = 12, START = 2;
  const drawPath = chart(left, {x: {label: 'weight w', range: [-4, 4], format: value => shown(value, 0)},
    y: {label: 'loss', range: [-0.3, 5], format: value => shown(value, 0)}});
  const drawLoss = chart(right, {x: {label: 'step', range: [0, STEPS]}, y: {label: 'loss above its least value', range: [1e-6, 1e2], log: true,
    format: value => value === 1 ? '1' : `10${[...String(Math.round(Math.log10(value)))].map(digit => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(digit)]).join('')}`}});
  const grid = Array.from({length: 161}, (_, i) => -4 + i / 20);

  function move() {
    const {problem, steps, norms} = losses[select.value], {loss, slope} = LOSSES[problem], eta = slider.value / 10;
    const points = [START];
    for (let t = 0; t < STEPS; t++) points.push(points[t] - eta * slope(points[t]));
    const heights = points.map(loss), share = eta * (1 - eta / 2);
    const promised = points.slice(0, -1).map((w, t) => heights[t] - share * slope(w) ** 2);
    const iterates = points.map((w, t) => [w, heights[t]]);
    drawPath([
      {kind: 'line', as: 'ink', points: grid.map(w => [w, loss(w)])},
      ...(eta < 2 ? [{kind: 'line', as: 'first dashed', points: [[-4, promised[0]], [4, promised[0]]]},
        {kind: 'text', as: 'first', points: [[4, promised[0]]], text: 'promised', anchor: 'end', offset: [-2, -6]}] : []),
      {kind: 'line', as: 'second', points: iterates},
      {kind: 'dots', as: 'second', points: iterates},
      {kind: 'dots', as: 'ink', points: [iterates[0]]},
    ]);
    drawLoss([
      {kind: 'line', as: 'second', points: heights.map((each, t) => [t, each])},
      {kind: 'dots', as: 'second', points: heights.map((each, t) => [t, each])},
      ...(eta < 2 ? [{kind: 'dots', as: 'ring', points: promised.map((each, t) => [t + 1, each])}] : []),
    ]);
    tell(slider, `ηβ = ${shown(eta, 1)}`);
    const norm = norms[steps.findIndex(each => Math.abs(each - eta) < 1e-6)];
    const first = `From w = ${START}, the first step takes the loss from ${shown(heights[0])} to ${shown(heights[1])}`;
    told.textContent = (eta < 2
      ? `${first}; the lemma promises ${shown(promised[0])} or less, and as much for every step after it (rings).`
      : eta === 2 ? `${first}: at ηβ = 2 the lemma promises nothing.` : `${first}: beyond ηβ = 2 the lemma promises nothing.`)
      + (norm === undefined ? '' : norm === null ? ` In this run, ${after} and from the worst start, it had diverged.`
        : ` In this run, ${after} and from the worst start, the gradient was ${norm === 0 ? 'below what a computer can tell from 0' : shown(norm, 3)}.`);
  }

  for (const [i, {name}] of losses.entries()) select.add(new Option(name, i));
  steered([select, slider], move);
});
