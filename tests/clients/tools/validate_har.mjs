// Exit code 1 and what is wrong, if a file is not an HTTP archive 1.2.
import { readFileSync } from 'node:fs'
import { har } from 'har-validator'

for (const name of process.argv.slice(2)) {
  await har(JSON.parse(readFileSync(name, 'utf8'))).catch((error) => {
    console.error(name, error.errors ?? error)
    process.exitCode = 1
  })
}
