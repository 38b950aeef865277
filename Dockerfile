# The server as one container: docker build -t sabang . && docker run -p 2567:2567 -v sabang:/data \
#   -e MONITOR_PASSWORD=... -e JWT_SECRET=... sabang

# The demo page; none of its tools get into the image.
FROM node:24-bookworm-slim AS page
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY vite.config.ts tsconfig.json ./
COPY sim sim
COPY replay replay
COPY schema schema
COPY maps maps
COPY web web
RUN npm run build

# What the server imports. "optional" are, besides a native speed-up of msgpackr, Vite and TypeScript with their
# platform binaries, which the framework names as optional peers. Source maps and type declarations nobody reads.
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM node:24-bookworm-slim
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY sim sim
COPY replay replay
COPY schema schema
COPY rooms rooms
COPY cli cli
COPY src src
COPY maps/*.tmj maps/tiles.png maps/
COPY --from=page /app/dist dist

# Places are kept here unless DATABASE_URL is set. A new volume takes over whose folder it is.
RUN mkdir /data && chown node:node /data
VOLUME /data

ENV NODE_ENV=production DATA_DIR=/data
USER node
EXPOSE 2567
# Not fetch, which refuses some ports (6000, 6667); and it asks where the server listens, not where it usually does.
HEALTHCHECK --interval=15s --timeout=5s --start-period=15s --retries=3 \
  CMD ["node", "-e", "http.get({ host: process.env.HOST || 'localhost', port: process.env.PORT || 2567, path: '/healthz' }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
# Not through npm, which would be the one to get the signals. A stop takes at most 9 seconds, after DRAIN_SECONDS. The
# flags are those of `npm start`: the collector's young generation would else grow to 128 MB, and the old one to three
# times of what lives.
CMD ["node", "--max-semi-space-size=16", "--heap-growing-percent=80", "src/main.ts"]
