// Jest's own runner, for tests that must run alone: jest runs the files of a serial runner one after another, while no
// other test runs.
import JestRunner from "jest-runner";

export default class AloneRunner extends JestRunner {
  isSerial = true;
}
