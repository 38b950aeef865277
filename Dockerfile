# The server as one container: docker build -t sabang . && docker run -p 2567:2567 -v sabang:/data \
#   -e MONITOR_PASSWORD=... -e JWT_SECRET=... sabang

# Builds the demo page. The build tools do not end up in the image.
FROM node:24-bookworm-slim AS page
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY vite.config.ts tsconfig.json ./
COPY sim sim
COPY replay replay
COPY schema schema
COPY maps maps
COPY client client
COPY web web
RUN npm run build

# Installs the packages that the server imports. Optional packages are left out: Vite and TypeScript with their platform
# binaries, which are optional peers of the framework, and a native addon of msgpackr. Source maps and type declarations
# are not needed at run time.
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
COPY tiled tiled
COPY replay replay
COPY schema schema
COPY rooms rooms
COPY cli cli
COPY src src
COPY maps/*.tmj maps/tiles.png maps/
COPY --from=page /app/dist dist

# The player records are stored in /data unless DATABASE_URL is set. A new volume inherits the owner of the folder.
RUN mkdir /data node_modules/.cache && chown node:node /data node_modules/.cache
VOLUME /data
USER node

# Starts the server once, and stops it with SIGTERM. It then writes the compiled code of its modules into the image, with
# which each later start is faster; modules for Redis and PostgreSQL are not loaded here. Node uses the code only for the
# same user and the same flags. The status 124 is that of timeout; any other status is a failure of the server.
RUN DATA_DIR=/tmp/data PORT=0 timeout 10 node --max-semi-space-size=16 --heap-growing-percent=80 src/main.ts; \
    test $? -eq 124 && rm -rf /tmp/data

ENV NODE_ENV=production DATA_DIR=/data
EXPOSE 2567
# Uses http.get, because fetch refuses some ports (6000, 6667). HOST and PORT are the settings of the server.
HEALTHCHECK --interval=15s --timeout=5s --start-period=15s --retries=3 \
  CMD ["node", "-e", "http.get({ host: process.env.HOST || 'localhost', port: process.env.PORT || 2567, path: '/healthz' }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
# Starts node directly, so that node and not npm receives the signals. A stop takes DRAIN_SECONDS and up to 9 seconds.
# The flags are the same as in `npm start`. Without them the garbage collector's young generation grows to 128 MB, and
# the old generation to three times the live data.
CMD ["node", "--max-semi-space-size=16", "--heap-growing-percent=80", "src/main.ts"]
