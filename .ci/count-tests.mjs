// Prints what failed, and as the last line `N passed, N failed`, from vitest's JSON reports, added up. A test file that
// could not run at all counts as one failure, and so does a report that is missing: nothing was tested then.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** A test's first message says what differed; its stack trace is in the output above. */
const LINES_OF_A_MESSAGE = 12;

function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(process.cwd(), name);
  const failed = assertionResults
    .filter((each) => each.status === 'failed')
    .map(({ fullName, failureMessages }) => ({ what: `${file} > ${fullName}`, why: failureMessages.join('\n') }));
  return status === 'failed' && failed.length === 0 ? [{ what: file, why: message }] : failed;
}

function read(path) {
  try {
    const { numPassedTests, testResults } = JSON.parse(readFileSync(path, 'utf8'));
    return { passed: numPassedTests, failures: testResults.flatMap(failuresOf) };
  } catch (error) {
    return { passed: 0, failures: [{ what: path, why: `no report: ${error.message}` }] };
  }
}

const reports = process.argv.slice(2).map(read);
const passed = reports.reduce((sum, each) => sum + each.passed, 0);
const failures = reports.flatMap((each) => each.failures);
for (const { what, why } of failures) {
  console.log(`FAILED ${what}\n${why.split('\n').slice(0, LINES_OF_A_MESSAGE).join('\n')}\n`);
}
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
