import { inputFor } from './fields.js';
import { formOf } from './form.js';
import { createGateway } from './gateway.js';
import { button, element, outputOf } from './view.js';

const gateway = createGateway();
const at = (id) => document.getElementById(id);
const say = (text) => at('said').replaceChildren(text);
const failed = (error) => {
  const { code = '', param, message } = error;
  say([code, param, message].filter((part) => part !== undefined && part !== '').join(' · '));
  if (error.status === 401) leave();
};
const attempt = async (work) => {
  say('');
  try {
    await work();
  } catch (error) {
    failed(error);
  }
};

/** What the caller may run, by noun. */
let nouns = new Map();
const verbOf = ({ name }) => name.slice(name.indexOf('.') + 1);
const grouped = (operations) => Map.groupBy(operations, ({ name }) => name.slice(0, name.indexOf('.')));
const hasNext = ({ input }, output) => typeof output.next === 'string' && input.properties?.after !== undefined;

/** The form of one operation, and below it what it gave. */
const openWork = (place, operation, given, changed) => {
  const result = element('div', { 'aria-live': 'polite' });
  const run = async (input) => {
    say('');
    const output = await gateway.run(operation.name, input);
    const more = hasNext(operation, output) ? [button('Next page', () => attempt(() => run({ ...input, after: output.next })))] : [];
    result.replaceChildren(outputOf(output, operation.output), ...more);
    if (!operation.reads) changed();
  };
  const close = button('Close', () => place.replaceChildren());
  const form = formOf(operation, { given, label: verbOf(operation), send: run, failed });
  place.replaceChildren(element('section', { class: 'work' }, element('h3', {}, operation.name), element('p', {}, operation.summary), form, result, close));
  form.querySelector('input, select, textarea, button').focus();
};

const showNoun = (noun) => {
  const operations = nouns.get(noun) ?? [];
  const list = operations.find((operation) => verbOf(operation) === 'list');
  const others = operations.filter((operation) => operation !== list);
  const work = element('div');
  const rows = element('div', { 'aria-live': 'polite' });
  let wanted = {};
  const actionsOf = (row) =>
    others.flatMap((operation) => {
      const given = inputFor(operation, row);
      return given === undefined ? [] : [button(verbOf(operation), () => openWork(work, operation, given, refresh))];
    });
  const refresh = () =>
    attempt(async () => {
      if (list !== undefined) rows.replaceChildren(outputOf(await gateway.run(list.name, wanted), list.output, actionsOf));
    });
  const filter = (input) => {
    wanted = input;
    return refresh();
  };
  const asks = list !== undefined && Object.keys(list.input.properties ?? {}).length > 0;
  const bar = others.map((operation) => button(verbOf(operation), () => openWork(work, operation, {}, refresh), { title: operation.summary }));
  at('view').replaceChildren(
    element('h2', {}, noun),
    element('p', { class: 'bar' }, ...bar),
    work,
    ...(asks ? [element('details', {}, element('summary', {}, 'Choose'), formOf(list, { label: 'list', send: filter, failed }))] : []),
    rows,
  );
  return refresh();
};
const showOverview = () => {
  const rows = [...nouns.values()].flat().map(({ name, scope, reads, summary }) => ({ operation: name, scope: reads ? `${scope}, viewer` : scope, summary }));
  at('view').replaceChildren(element('h2', {}, 'overview'), element('p', {}, 'What you may do here.'), outputOf({ operations: rows }));
};

const shownNoun = () => decodeURIComponent(location.hash.slice(1));
const show = () => {
  say('');
  const noun = shownNoun();
  for (const link of at('nouns').children) {
    if (link.hash.slice(1) === noun) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  return nouns.has(noun) ? showNoun(noun) : showOverview();
};
const enter = async () => {
  nouns = grouped(await gateway.operations());
  at('nouns').replaceChildren(
    element('a', { href: '#' }, 'overview'),
    ...[...nouns.keys()].map((noun) => element('a', { href: `#${encodeURIComponent(noun)}` }, noun)),
  );
  at('who').replaceChildren(gateway.signedIn ? 'Signed in with the credential you gave' : 'Signed in by your connection');
  at('leave').hidden = !gateway.signedIn;
  at('entry').hidden = true;
  at('room').hidden = false;
  await show();
};
const leave = () => {
  gateway.signOut();
  nouns = new Map();
  for (const id of ['view', 'nouns', 'who']) at(id).replaceChildren();
  at('room').hidden = true;
  at('leave').hidden = true;
  at('entry').hidden = false;
  at('secret').value = '';
  at('user').focus();
};

at('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(async () => {
    gateway.signIn(at('user').value.trim(), at('secret').value.trim());
    at('secret').value = '';
    await enter().catch((error) => {
      gateway.signOut();
      throw error;
    });
  });
});
at('leave').addEventListener('click', () => {
  say('');
  leave();
});
addEventListener('hashchange', () => {
  if (!at('room').hidden) show();
});
// Whoever comes through a load balancer or with a certificate is in already; everybody else is asked.
enter().catch((error) => {
  leave();
  if (error.status !== 401) failed(error);
});
