/* Decoding a Llama of random weights, one token after the other: the yardstick of `npm run bench llm`. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static float *filled(size_t count, float deviation) {
  float *data = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
  for (size_t k = 0; k < count; k++) data[k] = deviation * (2.0f * rand() / RAND_MAX - 1.0f);
  return data;
}

static void product(float *restrict y, const float *restrict w, const float *restrict x, int outputs, int inputs) {
#pragma omp parallel for schedule(static)
  for (int row = 0; row < outputs; row++) {
    const float *r = w + (size_t)row * inputs;
    float sum = 0;
    for (int k = 0; k < inputs; k++) sum += r[k] * x[k];
    y[row] = sum;
  }
}

static void normalise(float *restrict y, const float *restrict x, int width) {
  float squares = 0;
  for (int i = 0; i < width; i++) squares += x[i] * x[i];
  float scale = 1.0f / sqrtf(squares / width + 1e-5f);
  for (int i = 0; i < width; i++) y[i] = scale * x[i];
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

int main(int count, char **words) {
  if (count != 8) return 2;
  int dim = atoi(words[1]), hidden = atoi(words[2]), layers = atoi(words[3]), heads = atoi(words[4]);
  int vocabulary = atoi(words[5]), sequence = atoi(words[6]), rounds = atoi(words[7]);
  int size = dim / heads;
  float deviation = 1.7f / sqrtf(dim);
  float *embedding = filled((size_t)vocabulary * dim, deviation);
  float *attention = filled((size_t)4 * layers * dim * dim, deviation);
  float *forward = filled((size_t)3 * layers * hidden * dim, deviation);
  float *keys = filled((size_t)layers * sequence * dim, 0), *values = filled((size_t)layers * sequence * dim, 0);
  float *x = filled(dim, 0), *n = filled(dim, 0), *q = filled(dim, 0), *mixed = filled(dim, 0);
  float *gate = filled(hidden, 0), *up = filled(hidden, 0), *y = filled(dim, 0), *logits = filled(vocabulary, 0);
  float *scores = filled((size_t)heads * sequence, 0);
  int token = 1;
  double best = 0;
  for (int round = 0; round < rounds; round++) {
    double start = seconds();
    for (int position = 0; position < sequence; position++) {
      memcpy(x, embedding + (size_t)token * dim, dim * sizeof(float));
      for (int layer = 0; layer < layers; layer++) {
        const float *w = attention + (size_t)4 * layer * dim * dim;
        const float *f = forward + (size_t)3 * layer * hidden * dim;
        float *k = keys + ((size_t)layer * sequence + position) * dim, *v = values + ((size_t)layer * sequence + position) * dim;
        normalise(n, x, dim);
        product(q, w, n, dim, dim);
        product(k, w + (size_t)dim * dim, n, dim, dim);
        product(v, w + (size_t)2 * dim * dim, n, dim, dim);
        for (int i = 0; i < dim; i += 2) {
          float angle = position * powf(10000.0f, -(float)(i % size) / size), c = cosf(angle), s = sinf(angle);
          float a = q[i], b = q[i + 1];
          q[i] = a * c - b * s, q[i + 1] = a * s + b * c;
          a = k[i], b = k[i + 1];
          k[i] = a * c - b * s, k[i + 1] = a * s + b * c;
        }
#pragma omp parallel for schedule(static)
        for (int head = 0; head < heads; head++) {
          float *score = scores + (size_t)head * sequence, largest = -1e30f, total = 0;
          const float *past = keys + (size_t)layer * sequence * dim + head * size;
          for (int t = 0; t <= position; t++) {
            float dot = 0;
            for (int i = 0; i < size; i++) dot += q[head * size + i] * past[(size_t)t * dim + i];
            score[t] = dot / sqrtf(size);
            if (score[t] > largest) largest = score[t];
          }
          for (int i = 0; i < size; i++) mixed[head * size + i] = 0;
          const float *held = values + (size_t)layer * sequence * dim + head * size;
          for (int t = 0; t <= position; t++) {
            float weight = expf(score[t] - largest);
            total += weight;
            for (int i = 0; i < size; i++) mixed[head * size + i] += weight * held[(size_t)t * dim + i];
          }
          for (int i = 0; i < size; i++) mixed[head * size + i] /= total;
        }
        product(y, w + (size_t)3 * dim * dim, mixed, dim, dim);
        for (int i = 0; i < dim; i++) x[i] += y[i];
        normalise(n, x, dim);
        product(gate, f, n, hidden, dim);
        product(up, f + (size_t)hidden * dim, n, hidden, dim);
        for (int i = 0; i < hidden; i++) gate[i] = gate[i] / (1.0f + expf(-gate[i])) * up[i];
        product(y, f + (size_t)2 * hidden * dim, gate, dim, hidden);
        for (int i = 0; i < dim; i++) x[i] += y[i];
      }
      normalise(n, x, dim);
      product(logits, embedding, n, vocabulary, dim);
      token = 0;
      for (int t = 1; t < vocabulary; t++)
        if (logits[t] > logits[token]) token = t;
    }
    double rate = sequence / (seconds() - start);
    if (rate > best) best = rate;
  }
  printf("%.1f %d\n", best, token);
  return 0;
}
