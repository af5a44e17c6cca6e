import { everyCut } from './support/cut-law.ts';

everyCut('passing', true);
