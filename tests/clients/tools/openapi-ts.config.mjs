// hey-api: the client of the contract in $CONTRACT, for Node.js.
export default {
  input: process.env.CONTRACT,
  output: { path: "hey-api", module: { extension: ".js" } },
  plugins: ["@hey-api/client-fetch", "@hey-api/sdk", "@hey-api/typescript"],
};
