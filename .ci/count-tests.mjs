// Prints `N passed, N failed` from a vitest JSON report. A test file that could not run at all counts as one failure,
// and so does a report that is missing: nothing was tested then.
import { readFileSync } from 'node:fs';

function count(path) {
  try {
    const { numPassedTests, testResults } = JSON.parse(readFileSync(path, 'utf8'));
    const failures = testResults.map(({ status, assertionResults }) => {
      const failed = assertionResults.filter((each) => each.status === 'failed').length;
      return status === 'failed' ? Math.max(failed, 1) : failed;
    });
    return { passed: numPassedTests, failed: failures.reduce((sum, each) => sum + each, 0) };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

const { passed, failed } = count(process.argv[2]);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
