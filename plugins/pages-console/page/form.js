import { fieldsOf, inputOf } from './fields.js';
import { element } from './view.js';

const controlOf = (field, given) => {
  const { name, kind, choices, hint, required, secret } = field;
  const common = { name, required };
  if (kind === 'flag') return element('input', { name, type: 'checkbox', checked: given ?? field.fallback === true });
  if (kind === 'choice')
    return element('select', common, element('option', { value: '' }, hint), ...choices.map((choice) => element('option', {}, String(choice))));
  if (kind === 'choices')
    return element(
      'select',
      { ...common, multiple: true, size: String(Math.min(choices.length, 6)) },
      ...choices.map((choice) => element('option', {}, choice)),
    );
  if (kind === 'lines' || kind === 'long' || kind === 'json')
    return element('textarea', { ...common, rows: kind === 'lines' ? '2' : '6', placeholder: kind === 'lines' ? 'one a line' : hint, spellcheck: 'false' });
  const type = kind === 'number' ? 'number' : secret ? 'password' : 'text';
  return element('input', { ...common, type, placeholder: hint, value: given, autocomplete: 'off', spellcheck: 'false' });
};
const writtenIn = ({ kind }, control) => {
  if (kind === 'flag') return control.checked;
  return kind === 'choices' ? [...control.selectedOptions].map(({ value }) => value) : control.value;
};

/** A form for an operation's input; `given` fills fields in. `send` is given the input and is waited for. */
export const formOf = (operation, { given = {}, label, send, failed }) => {
  const fields = fieldsOf(operation.input);
  const controls = new Map(fields.map((field) => [field.name, controlOf(field, given[field.name])]));
  const labels = fields.map(({ name, required, description }) =>
    element('label', {}, element('span', {}, required ? `${name} *` : name), controls.get(name), element('small', {}, description)),
  );
  const submit = element('button', { type: 'submit' }, label);
  const form = element('form', { autocomplete: 'off' }, ...labels, submit);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      await send(inputOf(fields, Object.fromEntries(fields.map((field) => [field.name, writtenIn(field, controls.get(field.name))]))));
    } catch (error) {
      failed(error);
    } finally {
      submit.disabled = false;
    }
  });
  return form;
};
