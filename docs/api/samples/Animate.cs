// Animates a photo with HttpClient: Animate PHOTO OUTPUT
// BASE_URL and API_KEY come from the environment.
using System;
using System.IO;
using System.Net.Http;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

public static class Animate
{
    public static int Main(string[] args)
    {
        return Run(args[0], args[1]).GetAwaiter().GetResult();
    }

    private static async Task<int> Run(string photo, string output)
    {
        using (var client = new HttpClient())
        using (var form = new MultipartFormDataContent())
        {
            client.DefaultRequestHeaders.Add(
                "ailabapi-api-key", Environment.GetEnvironmentVariable("API_KEY"));
            form.Add(new ByteArrayContent(File.ReadAllBytes(photo)), "image", "photo.tmp");
            form.Add(new StringContent("11"), "operation");

            var address = Environment.GetEnvironmentVariable("BASE_URL")
                + "/api/image/effects/image-fine-tuning";
            var response = await client.PostAsync(address, form);
            var answer = await response.Content.ReadAsStringAsync();

            // A real program would use a JSON library.
            var url = Regex.Match(answer, "\"url\":\"([^\"]+)\"");
            if (!url.Success)
            {
                Console.Error.WriteLine("refused: " + answer);
                return 1;
            }
            File.WriteAllBytes(output, await client.GetByteArrayAsync(url.Groups[1].Value));
            return 0;
        }
    }
}
