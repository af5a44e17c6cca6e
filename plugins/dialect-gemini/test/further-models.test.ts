import { expect, it } from 'vitest';
import { furtherModels } from '../src/further-models.ts';

it.each([
  [{ contents: [] }, []],
  [{ model: 'models/a', contents: [] }, ['a']],
  [{ generateContentRequest: { model: 'publishers/google/models/b', contents: [] } }, ['b']],
  [{ requests: [{ model: 'models/c' }, { model: 'models/d' }, {}] }, ['c', 'd']],
  [{ requests: [{ model: 7 }] }, [undefined]],
  [{ generationConfig: { routingConfig: { manualMode: { modelName: 'e' } } } }, ['e']],
  [{ generation_config: { routing_config: { manual_mode: { model_name: 'f' } } } }, ['f']],
  [{ generationConfig: { routingConfig: { autoMode: {} } } }, [undefined]],
  [[], []],
])('%j names %j', (body, expected) => {
  expect(furtherModels(body)).toEqual(expected);
});
