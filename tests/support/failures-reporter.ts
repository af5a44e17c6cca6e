import type { Reporter, SerializedError, TestCase, TestModule, TestSuite } from 'vitest/node';

/** One failure in one line: where it stands and the first line of its error. `.ci/run` finds these lines by their first word. */
const lineOf = (place: string, error: Pick<SerializedError, 'message'> | undefined): string => {
  const first = (error?.message ?? '').split('\n', 1)[0]?.trim().slice(0, 300);
  return `FAILED ${place}: ${first === undefined || first === '' ? 'no message' : first}`;
};
const ofCase = (file: string, test: TestCase): readonly string[] => {
  const { state, errors } = test.result();
  return state === 'failed' ? [lineOf(`${file} > ${test.fullName.replaceAll('\n', ' ')}`, errors?.[0])] : [];
};
const ofSuite = (file: string, suite: TestSuite): readonly string[] => suite.errors().map((error) => lineOf(`${file} > ${suite.fullName}`, error));
const ofModule = (module: TestModule): readonly string[] => {
  const file = module.relativeModuleId;
  return [
    ...module.errors().map((error) => lineOf(file, error)),
    ...[...module.children.allSuites()].flatMap((suite) => ofSuite(file, suite)),
    ...[...module.children.allTests()].flatMap((test) => ofCase(file, test)),
  ];
};
/** An error that no test awaited is named by the test that ran then, if that is known. */
const ofRun = (error: SerializedError): string => {
  const near = [error.VITEST_TEST_PATH, error.VITEST_TEST_NAME].filter((part) => typeof part === 'string');
  return lineOf(['outside of the tests', ...near].join(' > '), error);
};
/** Names every failure once more behind everything else of a run, where the tail of a long log still shows it. */
export default class FailuresReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const lines = [...modules.flatMap(ofModule), ...errors.map(ofRun)];
    if (lines.length > 0) process.stdout.write(`\n${lines.join('\n')}\n`);
  }
}
