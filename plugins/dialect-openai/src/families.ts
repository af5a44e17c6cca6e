import { type FamilyData, type FamilyRow, modelFamilies } from '@llm-proxy-auth/plugin';
import data from './families.json' with { type: 'json' };

/** What a family of models does not take; applied when a request of another dialect is translated. */
export interface Family {
  readonly system: 'system' | 'developer';
  /** The vendor's own models; `max_tokens` is what everybody else's understand. */
  readonly limit: 'max_completion_tokens' | 'max_tokens';
  /** Parameters of chat completions that the family refuses. */
  readonly rejects: readonly string[];
  /** Those of them that it accepts with reasoning switched off. */
  readonly withoutReasoning?: readonly string[] | undefined;
  /** Efforts that it knows, none for a family that does not reason; undefined: nobody knows. */
  readonly efforts?: readonly string[] | undefined;
  /** It takes marks for the cache on parts of the prompt. */
  readonly marks?: boolean | undefined;
}
const rows = modelFamilies<Family & FamilyRow>(data as FamilyData<Family & FamilyRow>);
const OTHER: Family = Object.freeze({ system: 'system', limit: 'max_tokens', rejects: [] });
/**
 * The rules for a model, `ft:` and what clouds put in front of it (`openai/`, `us.openai.`) taken off; unknown names are taken for a compatible server's, which refuse nothing
 * we know of.
 */
export const familyOf = (model: string): Family => rows(model.replace(/^ft:/, '').replace(/^(?:[a-z-]+\.)?openai[./]/, '')) ?? OTHER;
