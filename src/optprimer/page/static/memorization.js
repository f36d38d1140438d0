// Accuracies while labels are corrupted, one share of wrong labels at a time; all numbers are means over seeds from the tables.
live('memorization', (box, {networks}) => {
  const select = box.querySelector('select'), slider = box.querySelector('input'), told = box.querySelector('.told');
  const [left, right] = box.querySelectorAll('svg');
  let network, drawEpochs, drawEnds;

  function change() {
    const kept = network ? network.shares[slider.value].share : 0.5;
    network = networks[select.value];
    slider.max = network.shares.length - 1;
    const near = network.shares.map(({share}) => Math.abs(share - kept));
    slider.value = near.indexOf(Math.min(...near));
    const accuracy = {range: [0, 1], format: value => `${Math.round(100 * value)} %`};
    drawEpochs = chart(left, {x: {label: 'epoch', range: [0, network.epochs]}, y: {...accuracy, label: 'accuracy'}});
    drawEnds = chart(right, {x: {label: 'share of labels replaced', range: [-0.02, 1.02], format: value => shown(value, 1)},
      y: {...accuracy, label: 'accuracy at the end'}});
    move();
  }

  function move() {
    const {shares, epochs} = network, now = shares[slider.value], chance = (now.chance_low + now.chance_high) / 2;
    const ends = key => shares.map(each => [each.share, each[key]]);
    const half = Math.round(epochs / 2);
    drawEpochs([
      {kind: 'rule', as: 'faint', points: [[epochs, chance]]},
      {kind: 'text', as: 'quiet', points: [[epochs, chance]], text: 'chance', anchor: 'end', offset: [0, 14]},
      {kind: 'line', as: 'first', points: now.train.map((each, epoch) => [epoch, each])},
      {kind: 'line', as: 'second', points: now.test.map((each, epoch) => [epoch, each])},
      {kind: 'text', as: 'first', points: [[half, now.train[half]]], text: 'training labels', offset: [0, now.train[half] > 0.9 ? 16 : -8]},
      {kind: 'text', as: 'second', points: [[epochs, now.test.at(-1)]], text: 'test images', anchor: 'end', offset: [0, now.test.at(-1) > 0.8 ? 34 : -9]},
    ]);
    drawEnds([
      {kind: 'rule', as: 'faint', points: [[1, chance]]},
      {kind: 'area', as: 'second band', points: [...ends('test_accuracy_low'), ...ends('test_accuracy_high').reverse()]},
      {kind: 'line', as: 'first', points: ends('train_accuracy')},
      {kind: 'line', as: 'second', points: ends('test_accuracy')},
      {kind: 'rule', as: 'faint', points: [[now.share]]},
      {kind: 'dots', as: 'first', points: [[now.share, now.train_accuracy]]},
      {kind: 'dots', as: 'second', points: [[now.share, now.test_accuracy]]},
    ]);
    tell(slider, percent(now.share).replace('.0', ''));
    told.textContent = `${network.name}, ${percent(now.share).replace('.0', '')} of the labels replaced by random ones: `
      + `training accuracy ${percent(now.train_accuracy)}`
      + (now.epochs_to_fit === null ? ', not all fitted' : `, all fitted after ${shown(now.epochs_to_fit, 0)} epochs`)
      + `; test accuracy ${percent(now.test_accuracy)}`
      + (now.test_accuracy_low === null ? '' : ` [${shown(100 * now.test_accuracy_low, 1)}, ${shown(100 * now.test_accuracy_high, 1)}]`)
      + ` (means over ${now.seeds} seeds${now.test_accuracy_low === null ? '' : ', 95 % interval'}).`;
  }

  for (const [i, each] of networks.entries()) select.add(new Option(each.name, i));
  select.addEventListener('input', change);
  slider.addEventListener('input', move);
  change();
});
