// Follow a stream of events: print the ids of two requests, with a connection that is lost between them.
import { EventSource } from 'eventsource'

const [url, request, key] = process.argv.slice(2)
const send = () => fetch(request, { headers: { 'X-Api-Key': key } })
const told = []
let lose

const source = new EventSource(url, {
  fetch: async (input, init) => {
    const response = await fetch(input, init)
    const { readable, writable } = new TransformStream({ start: (ends) => (lose = () => ends.terminate()) })
    response.body.pipeTo(writable).catch(() => {}) // what is lost is never read
    return {
      body: readable,
      headers: response.headers,
      redirected: response.redirected,
      status: response.status,
      url: response.url,
    }
  },
})
source.addEventListener('open', send, { once: true })
source.addEventListener('request', async (event) => {
  told.push(JSON.parse(event.data).id)
  console.log(told.at(-1))
  if (told.length === 1) {
    lose()
    await send() // while nobody listens
  } else {
    source.close()
    clearTimeout(limit)
  }
})
const limit = setTimeout(() => {
  console.error('two events were expected', told)
  process.exit(1)
}, 30_000)
