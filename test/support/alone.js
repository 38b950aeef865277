// A runner for tests that must run alone. Jest runs the files of a serial runner one after another, and runs no other
// test at the same time.
import JestRunner from "jest-runner";

export default class AloneRunner extends JestRunner {
  isSerial = true;
}
