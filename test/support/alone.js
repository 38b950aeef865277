// Jest's own runner, for tests that must be alone on the machine: jest runs a serial runner's files one after the other, while
// no other test runs.
import JestRunner from "jest-runner";

export default class AloneRunner extends JestRunner {
  isSerial = true;
}
