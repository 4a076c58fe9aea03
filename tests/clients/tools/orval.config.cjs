// orval: the client of the contract in $CONTRACT, with fetch.
module.exports = {
  qlara: { input: { target: process.env.CONTRACT }, output: { target: "orval.ts", client: "fetch", mode: "single" } },
};
