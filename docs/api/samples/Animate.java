// Animates a photo with Java's own HTTP client (11 or newer): java Animate.java PHOTO OUTPUT
// BASE_URL and API_KEY come from the environment.

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class Animate {
    public static void main(String[] args) throws Exception {
        String boundary = "----" + UUID.randomUUID();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        String head = "--" + boundary + "\r\nContent-Disposition: form-data; name=";
        body.write((head + "\"image\"; filename=\"photo\"\r\n\r\n").getBytes());
        body.write(Files.readAllBytes(Path.of(args[0])));
        body.write(("\r\n" + head + "\"operation\"\r\n\r\n11\r\n").getBytes());
        body.write(("--" + boundary + "--\r\n").getBytes());

        URI address = URI.create(
            System.getenv("BASE_URL") + "/api/image/effects/image-fine-tuning");
        HttpRequest request = HttpRequest.newBuilder(address)
            .header("ailabapi-api-key", System.getenv("API_KEY"))
            .header("Content-Type", "multipart/form-data; boundary=" + boundary)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray()))
            .build();
        HttpClient client = HttpClient.newHttpClient();
        String answer = client.send(request, BodyHandlers.ofString()).body();

        // A real program would use a JSON library.
        Matcher url = Pattern.compile("\"url\":\"([^\"]+)\"").matcher(answer);
        if (!url.find()) {
            System.err.println("refused: " + answer);
            System.exit(1);
        }
        HttpRequest download = HttpRequest.newBuilder(URI.create(url.group(1))).build();
        client.send(download, BodyHandlers.ofFile(Path.of(args[1])));
    }
}
