// Prints `N passed, N failed` from vitest's JSON reports, added up. A test file that could not run at all counts as one
// failure, and so does a report that is missing: nothing was tested then.
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

const counts = process.argv.slice(2).map(count);
const passed = counts.reduce((sum, each) => sum + each.passed, 0);
const failed = counts.reduce((sum, each) => sum + each.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
