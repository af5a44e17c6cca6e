/** An element with attributes; children that are text stay text, whatever stands in it. */
export const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : value);
  made.append(...children);
  return made;
};
export const button = (text, pressed, attributes = {}) => {
  const made = element('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', pressed);
  return made;
};

const isRow = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isRows = (value) => Array.isArray(value) && value.length > 0 && value.every(isRow);
/** One value as text. */
export const textOf = (value) => {
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value) && !value.some((each) => typeof each === 'object')) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};
const columnsOf = (rows) => [...new Set(rows.flatMap((row) => Object.keys(row)))];
/** Class of a cell: figures stand at the right, times on one line. */
const classOf = (value) => {
  if (typeof value === 'number') return 'number';
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? 'time' : undefined;
};

/** `actionsOf`: buttons that stand at the beginning of a row. */
const table = (rows, actionsOf) => {
  const columns = columnsOf(rows);
  const actions = rows.map(actionsOf);
  const acts = actions.some((buttons) => buttons.length > 0);
  const head = columns.map((column) => element('th', { scope: 'col' }, column));
  const body = rows.map((row, i) => {
    const cells = columns.map((column) => element('td', { class: classOf(row[column]) }, textOf(row[column])));
    return element('tr', {}, ...(acts ? [element('td', {}, element('div', { class: 'actions' }, ...actions[i]))] : []), ...cells);
  });
  const top = element('tr', {}, ...(acts ? [element('td')] : []), ...head);
  return element('div', { class: 'wide' }, element('table', {}, element('thead', {}, top), element('tbody', {}, ...body)));
};
const schemaAt = (schema, name) => schema?.properties?.[name];
const described = (name, schema) => {
  const description = schemaAt(schema, name)?.description ?? '';
  return element('dt', {}, name, ...(description === '' ? [] : [element('small', {}, ` ${description}`)]));
};

/** What an operation gave: tables of its lists, the rest by name. `actionsOf` belongs to the rows of its first list. */
export const outputOf = (output, schema, actionsOf = () => []) => {
  const members = Object.entries(output);
  const lists = members.filter(([, value]) => isRows(value));
  const plain = members.filter(([, value]) => !isRows(value));
  const parts = lists.flatMap(([name, rows], i) => [element('h3', {}, `${name} (${rows.length})`), table(rows, i === 0 ? actionsOf : () => [])]);
  const facts = plain.flatMap(([name, value]) => [
    described(name, schema),
    element('dd', {}, ...(isRow(value) ? [outputOf(value, schemaAt(schema, name))] : [valueShown(value)])),
  ]);
  return element('div', { class: 'output' }, ...parts, ...(facts.length === 0 ? [] : [element('dl', {}, ...facts)]));
};
const valueShown = (value) => (Array.isArray(value) && value.length === 0 ? element('em', {}, 'none') : element('code', {}, textOf(value)));
