import { everyCut } from './support/cut-law.ts';

everyCut('translated', false);
