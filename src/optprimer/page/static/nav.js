// The section that is being read is marked in the navigation.
const sections = [...document.querySelectorAll('main > [id]')];
const reading = new IntersectionObserver(() => {
  const begun = sections.filter(each => each.getBoundingClientRect().top < innerHeight / 3).at(-1);
  for (const link of document.querySelectorAll('nav a')) {
    const current = begun && link.hash === `#${begun.id}`;
    if (!current) link.removeAttribute('aria-current');
    else if (!link.hasAttribute('aria-current')) {
      link.setAttribute('aria-current', 'true');
      link.closest('ul').scrollTo({left: link.offsetLeft - 50}); // where the list is a row that is wider than the window
    }
  }
}, {rootMargin: '0px 0px -66% 0px'});
for (const section of sections) reading.observe(section);

// The keyboard stops at pictures and tables only where they are wider than their frame, and arrows move them.
const framed = new ResizeObserver(entries => {
  for (const {target} of entries) target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
});
for (const each of document.querySelectorAll('.paper, .wide')) framed.observe(each);
